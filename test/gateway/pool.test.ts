/** Sessions of MCP clients, each with a process of its own that was there before it. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { ServerConfig } from '../../src/options.ts';
import { until } from '../fixtures/faults/drive.ts';
import { living } from '../fixtures/faults/processes.ts';
import { connectClient, startGateway } from '../fixtures/mcp-gateway.ts';

const CHILD = fileURLToPath(new URL('../fixtures/stdio/pool-child.js', import.meta.url));

test('each session has one that was started ahead; it dies alone, comes back at once, and ends with its session', async () => {
  const server = {
    command: process.execPath,
    args: [CHILD],
    era: 'legacy',
    isolation: 'perSession',
    pool: { warm: 2 },
  } satisfies ServerConfig;
  const gateway = await startGateway({ p: server }, { isolation: 'perSession' });
  const children = () => gateway.toolkit.status().p?.children ?? [];
  const warm = (): unknown[] => children().flatMap(({ state, pid }) => (state === 'warm' ? [pid] : []));
  await until(() => warm().length === 2);
  const before = warm();
  const clients = await Promise.all([1, 2].map(() => connectClient(gateway)));
  const pidOf = async (client: (typeof clients)[number]): Promise<number> => {
    const { structuredContent } = await client.callTool({ name: 'p__pid', arguments: {} });
    return (structuredContent as { pid: number }).pid;
  };
  const pids = await Promise.all(clients.map(pidOf));
  expect([...pids].sort()).toEqual([...before].sort());
  await until(() => warm().length === 2);

  const [one, other] = clients;
  if (one === undefined || other === undefined) throw new Error('two clients are wanted');
  const slow = other.callTool({ name: 'p__slow', arguments: { key: 'x', ms: 1_500 } });
  await expect(one.callTool({ name: 'p__crash', arguments: {} })).rejects.toThrow(/exited with code 7/);
  const crashedAt = performance.now();
  const next = await pidOf(one);
  expect(performance.now() - crashedAt).toBeLessThan(1_000);
  expect([...pids, gateway.toolkit.status().p?.pid]).not.toContain(next);
  expect((await slow).structuredContent).toEqual({ pid: pids[1] });

  await (one.transport as { terminateSession?(): Promise<void> }).terminateSession?.();
  await until(() => living([next]).length === 0);
  expect(await pidOf(other)).toBe(pids[1]);
});
