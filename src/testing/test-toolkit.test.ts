import { afterEach, expect, test } from 'vitest';
import { scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import type { Toolkit } from '../api.ts';
import { createFakeClock } from './fake-clock.ts';
import { createTestToolkit } from './test-toolkit.ts';

const open: Toolkit[] = [];
afterEach(() => Promise.all(open.splice(0).map((toolkit) => toolkit.close())));

const toolkitOn = async (clock = createFakeClock()) => {
  const server = scriptedServer({ echo: ({ value }) => text(String(value)), silent: () => undefined });
  const toolkit = await createTestToolkit({ connect: 'wait', mcpServers: { s: server.config } }, { clock });
  open.push(toolkit);
  return { clock, toolkit, server };
};

test('a call that gets no answer times out after a minute that takes no time', async () => {
  const { clock, toolkit } = await toolkitOn();
  const startedAt = performance.now();
  let outcome: unknown;
  toolkit.callTool('s.silent').catch((error: unknown) => {
    outcome = error;
  });
  await clock.advance(59_999);
  expect(outcome).toBeUndefined();
  await clock.advance(1);
  expect(outcome).toMatchObject({ code: 'timeout', executed: 'unknown' });
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test('a server is connected to again when the delay has passed, and not before', async () => {
  const { clock, toolkit, server } = await toolkitOn();
  server.latest().hangUp();
  await clock.settle();
  expect(server.peers).toHaveLength(1);
  await clock.advance(1_000);
  expect(server.peers).toHaveLength(2);
  expect((await toolkit.callTool('s.echo', { value: 'back' })).content).toEqual([{ type: 'text', text: 'back' }]);
});

test('close ends calls in flight at once, and is what the end of a block does', async () => {
  const { toolkit } = await toolkitOn();
  const call = toolkit.callTool('s.silent');
  const failed = expect(call).rejects.toMatchObject({ code: 'closed' });
  await toolkit[Symbol.asyncDispose]();
  await failed;
});

test('without a clock it runs on that of the system', async () => {
  const server = scriptedServer({ silent: () => undefined });
  const toolkit = await createTestToolkit({ connect: 'wait', mcpServers: { s: server.config } });
  open.push(toolkit);
  await expect(toolkit.callTool('s.silent', {}, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' });
});
