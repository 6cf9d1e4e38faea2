import { expect, test, vi } from 'vitest';
import { scriptedServer, text } from '../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../test/fixtures/toolkits.ts';

vi.mock('./no-such-tool.ts', () => {
  throw new Error('offline');
});

test('a name that leads nowhere keeps its code where the words for it cannot be loaded', async () => {
  const a = scriptedServer({ echo: () => text('a') });
  const b = scriptedServer({ echo: () => text('b') });
  const toolkit = await toolkitOf({ a, b });
  for (const name of ['a.none', 'none'])
    expect(await failure(toolkit.callTool(name))).toMatchObject({ code: 'unknown_tool', executed: 'no' });
  expect(await failure(toolkit.callTool('echo'))).toMatchObject({ code: 'ambiguous_tool', executed: 'no' });
});
