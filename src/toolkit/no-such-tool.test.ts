import { expect, test, vi } from 'vitest';
import { scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../../test/fixtures/toolkits.ts';

vi.mock('./no-such-tool.ts', () => {
  throw new Error('offline');
});

test('a name with its server that leads nowhere keeps its code where the words for it cannot be loaded', async () => {
  const toolkit = await toolkitOf({ a: scriptedServer({ echo: () => text('a') }) });
  expect(await failure(toolkit.callTool('a.none'))).toMatchObject({ code: 'unknown_tool', executed: 'no' });
  expect(await failure(toolkit.callTool('none'))).toMatchObject({ code: 'internal', executed: 'no' });
});
