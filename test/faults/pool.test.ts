/** Real processes of a server that has a pool: given away once, replaced without a call that notices, and gone with their toolkit. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { Toolkit } from '../../src/api.ts';
import { createToolkit } from '../../src/node/index.ts';
import type { PoolOption, ServerConfig } from '../../src/options.ts';
import { until } from '../fixtures/faults/drive.ts';
import { living } from '../fixtures/faults/processes.ts';
import { runHost } from '../fixtures/faults/run-host.ts';
import { failure } from '../fixtures/toolkits.ts';

const CHILD = fileURLToPath(new URL('../fixtures/stdio/pool-child.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'toolway-pool-'));
const open: Toolkit[] = [];
afterAll(async () => {
  await Promise.all(open.map((toolkit) => toolkit.close({ drainMs: 0 })));
  rmSync(folder, { recursive: true });
});

let count = 0;
const server = (pool: PoolOption, more: Partial<ServerConfig> = {}, startMs = 0) => {
  count += 1;
  const log = join(folder, `${count}.jsonl`);
  const env = { POOL_LOG: log, START_MS: String(startMs) };
  const config: ServerConfig = {
    command: process.execPath,
    args: [CHILD],
    env,
    era: 'legacy',
    isolation: 'perSession',
    pool,
    ...more,
  };
  const noted = (): { pid: number; effect?: string; helper?: number; started?: true }[] =>
    readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  return { config, noted, started: () => noted().flatMap(({ pid, started }) => (started ? [pid] : [])) };
};
const world = async (...given: Parameters<typeof server>) => {
  const { config, ...seen } = server(...given);
  const toolkit = await createToolkit({ connect: 'wait', mcpServers: { s: config } });
  open.push(toolkit);
  const call = async (scope: string, tool = 'pid', args = {}): Promise<number> => {
    const { structuredContent } = await toolkit.callTool(`s.${tool}`, args, { scope });
    return (structuredContent as { pid: number }).pid;
  };
  const children = () => toolkit.status().s?.children ?? [];
  const warm = () => children().flatMap(({ state, pid }) => (state === 'warm' && pid !== undefined ? [pid] : []));
  return { toolkit, call, children, warm, ...seen };
};

test('a new scope is given one that was there already and that no scope had, without waiting for a start', async () => {
  const { call, warm, toolkit } = await world({ warm: 2 }, {}, 1_500);
  const used = new Set<number>();
  // What is loaded with the first call of a scope is not what is measured.
  await call('first');
  for (const scope of ['a', 'b', 'c', 'd']) {
    await until(() => warm().length === 2);
    const ready = warm();
    const startedAt = performance.now();
    const pid = await call(scope);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect([ready.includes(pid), used.has(pid), pid === toolkit.status().s?.pid]).toEqual([true, false, false]);
    used.add(pid);
    expect(await call(scope)).toBe(pid);
  }
});

describe.concurrent('processes of a server', () => {
  test("one that dies takes its own calls along and nobody else's, and its scope goes on with one that nobody had", async () => {
    const { call, warm } = await world({ warm: 1 });
    await until(() => warm().length === 1);
    const pids = await Promise.all(['a', 'b', 'c'].map((scope) => call(scope)));
    await until(() => warm().length === 1);
    const others = ['b', 'c', ''].map((scope) => call(scope, 'slow', { key: scope, ms: 1_000 }));
    const [own, crash] = [failure(call('a', 'slow', { key: 'a', ms: 1_000 })), failure(call('a', 'crash'))];
    for (const error of await Promise.all([own, crash]))
      expect(error).toMatchObject({ code: 'outcome_unknown', cause: { code: 'server_exited' } });
    const after = await call('a');
    expect(pids).not.toContain(after);
    expect((await Promise.all(others)).slice(0, 2)).toEqual(pids.slice(1));
  });

  test('one that is too old is replaced under calls that never stop: none fails, and none runs twice', async () => {
    const { call, noted, children } = await world({ warm: 1, maxLifetimeMs: 2_500 });
    const end = performance.now() + 12_000;
    const keys: string[] = [];
    const pids = new Map<string, Set<number>>();
    const callAgain = async (scope: string, lane: number): Promise<void> => {
      for (let round = 0; performance.now() < end; round += 1) {
        const key = `${scope}/${lane}/${round}`;
        keys.push(key);
        const pid = await call(scope, 'slow', { key, ms: 5 + ((round * 37) % 200) });
        pids.set(scope, (pids.get(scope) ?? new Set()).add(pid));
      }
    };
    await Promise.all(['', 'a', 'b'].flatMap((scope) => [0, 1, 2, 3].map((lane) => callAgain(scope, lane))));
    const effects = noted().flatMap(({ effect }) => effect ?? []);
    expect(effects.sort()).toEqual(keys.sort());
    for (const scope of ['', 'a', 'b']) expect(pids.get(scope)?.size).toBeGreaterThanOrEqual(2);
    const [own, others] = [pids.get('a') ?? new Set(), pids.get('b') ?? new Set()];
    expect([...own].filter((pid) => others.has(pid))).toEqual([]);
    await until(() => children().every(({ state }) => state !== 'ending'));
    console.log(`${keys.length} calls, ${[...pids.values()].map(({ size }) => size).join(' + ')} processes`);
  });

  test('one that leaks is replaced, and its calls in flight end well', async () => {
    const { call, toolkit, children } = await world({ maxMemoryMb: 150 });
    const warnings: string[] = [];
    toolkit.on('warning', ({ message }) => void warnings.push(message));
    const leaking = await call('a');
    const last = call('a', 'leak', { mib: 120, ms: 6_000 });
    await until(() => children().some(({ pid, state }) => pid === leaking && state === 'ending'), 10_000);
    expect(await call('a')).not.toBe(leaking);
    expect(warnings.at(-1)).toContain('maxMemoryMb of 150');
    const { memoryBytes = 0 } = children().find(({ pid }) => pid === leaking) ?? {};
    expect(memoryBytes / 2 ** 20).toBeGreaterThan(150);
    expect(await last).toBe(leaking);
    await until(() => living([leaking]).length === 0);
  });

  test('one whose own processes grow without end is killed with them, and its calls are told why', async () => {
    const { call, noted } = await world({ maxMemoryMb: 120 });
    const before = await call('a');
    const other = call('b', 'slow', { key: 'b', ms: 9_000 });
    const lost = failure(call('a', 'slow', { key: 'a', ms: 60_000 }));
    await call('a', 'helper', { mib: 300 });
    const [helper = 0] = noted().flatMap((one) => one.helper ?? []);
    expect(await lost).toMatchObject({
      code: 'outcome_unknown',
      executed: 'unknown',
      exitCode: 'SIGKILL',
      message: expect.stringContaining('maxMemoryMb of 120'),
      cause: { code: 'server_exited', limit: 120 },
    });
    await until(() => living([before, helper]).length === 0, 1_500);
    expect(await call('a')).not.toBe(before);
    expect(await other).toBeGreaterThan(0);
  });

  test('closing leaves none of them, whatever they are doing', async () => {
    const { call, toolkit, warm, started } = await world({ warm: 3, maxLifetimeMs: 1_000, maxMemoryMb: 500 });
    await until(() => warm().length > 0);
    await call('a');
    const slow = call('a', 'slow', { key: 'a', ms: 60_000 }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    await toolkit.close({ drainMs: 0 });
    await slow;
    expect(living(started())).toEqual([]);
  });

  test('the end of the program by kill -9 takes all of them along, those that were never given away too', async () => {
    const { config, started } = server({ warm: 2 });
    const host = runHost(config, 'sit');
    await host.line();
    await until(() => started().length === 3);
    const pids = started();
    expect(living(pids)).toHaveLength(3);
    host.process.kill('SIGKILL');
    await host.over;
    await until(() => living(pids).length === 0);
  });
});
