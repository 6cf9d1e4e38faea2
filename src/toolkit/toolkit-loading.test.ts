import { expect, test, vi } from 'vitest';
import { scriptedServer } from '../../test/fixtures/scripted-server.ts';
import { failure } from '../../test/fixtures/toolkits.ts';
import { createToolkit } from '../index.ts';

const road = vi.hoisted(() => {
  let fail = (): void => {};
  const failed = new Promise<void>((resolve) => {
    fail = resolve;
  });
  return { fail: () => fail(), failed };
});
vi.mock('./road.ts', async () => {
  await road.failed;
  throw new Error('offline');
});

test('where the road cannot be loaded there is no toolkit, and no server stays connected', async () => {
  const { config, peers, latest } = scriptedServer({});
  const failed = failure(createToolkit({ mcpServers: { s: config } }));
  await expect.poll(() => peers.length).toBe(1);
  const { transport } = latest();
  const closed = vi.fn(transport.onclose);
  transport.onclose = closed;
  road.fail();
  expect(await failed).toMatchObject({ code: 'internal' });
  expect(closed).toHaveBeenCalled();
});
