import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../test/fixtures/faults/drive.ts';
import { living, livingInGroups } from '../../test/fixtures/faults/processes.ts';
import { FIXTURES } from '../../test/fixtures/faults/worlds.ts';
import { createToolkit } from '../node/index.ts';
import type { ServerConfig } from '../options.ts';
import { createFakeClock } from './fake-clock.ts';
import { createFaultPipe } from './fault-pipe.ts';
import type { Toxic } from './toxics.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const [modern, legacy] = FIXTURES.filter(({ column }) => column === 'stdio');
const both = [modern, legacy].filter((fixture) => fixture !== undefined);

const setUp = async (fixture = legacy, toxics: Toxic[] = [], wanted: ServerConfig = {}) => {
  const world = await fixture?.start();
  if (world === undefined) throw new Error('there is no such fixture');
  const clock = createFakeClock();
  const pipe = await createFaultPipe(world.config, { clock, seed: 1 });
  for (const toxic of toxics) await pipe.add(toxic);
  const toolkit = await createToolkit({
    connect: 'lazy',
    mcpServers: { s: { ...pipe.config, retryDelayMs: 20, ...wanted } },
  });
  cleanups.push(
    () => pipe.close(),
    () => toolkit.close({ drainMs: 0 }),
  );
  const call = async (tool: string, args: Record<string, unknown>) =>
    ((await toolkit.callTool(`s.${tool}`, args)).structuredContent as { value: unknown }).value;
  return { world, clock, pipe, toolkit, call };
};

describe.each(both)('a fault pipe, $name', (fixture) => {
  test('without toxics is not there', async () => {
    const { call, toolkit, pipe } = await setUp(fixture);
    const value = 'é🙂\u2028'.repeat(10_000);
    expect(await call('echo', { value })).toBe(value);
    expect(pipe.starts).toBe(1);
    const { pid = 0, era } = toolkit.status().s ?? {};
    expect(era).toBe(fixture.era);
    await toolkit.close();
    expect(livingInGroups([pid])).toEqual([]);
  });

  test('a call whose answer is lost is not sent again, and the server is started anew for the next one', async () => {
    const { call, pipe, world } = await setUp(fixture);
    expect(await call('count', { key: 'fine' })).toBe('fine');
    const name = await pipe.add({ type: 'reset_peer' });
    await expect(call('count', { key: 'lost' })).rejects.toMatchObject({
      code: 'outcome_unknown',
      executed: 'unknown',
    });
    await pipe.remove(name);
    expect(await call('count', { key: 'fine again' })).toBe('fine again');
    expect(world.effects()).toEqual(['fine', 'lost', 'fine again']);
    expect(pipe.starts).toBe(2);
  });
});

test('slices cut characters and messages, and nobody notices', async () => {
  const { call } = await setUp(legacy, [
    { type: 'slicer', stream: 'upstream', averageSize: 3, sizeVariation: 2 },
    { type: 'slicer', stream: 'downstream' },
  ]);
  expect(await call('echo', { value: 'é🙂' })).toBe('é🙂');
});

test('each answer twice, and answers in another order: each call has its own', async () => {
  const { call } = await setUp(modern, [{ type: 'duplicate' }]);
  expect(await call('echo', { value: 1 })).toBe(1);
  expect(await call('echo', { value: 2 })).toBe(2);

  const { call: again, clock, pipe } = await setUp(modern);
  expect(await again('echo', { value: 0 })).toBe(0);
  await pipe.add({ type: 'reorder', of: 4 });
  const calls = [1, 2, 3, 4].map((value) => again('echo', { value }));
  expect(await Promise.all(calls)).toEqual([1, 2, 3, 4]);
  const alone = again('echo', { value: 5 });
  await until(() => clock.pendingTimers > 0);
  await clock.advance(100);
  expect(await alone).toBe(5);
});

test('latency holds an answer up until its time has come', async () => {
  const { call, clock, pipe } = await setUp();
  expect(await call('echo', { value: 'before' })).toBe('before');
  await pipe.add({ type: 'latency', latencyMs: 3_000 });
  let answered = false;
  const slow = call('echo', { value: 'late' }).finally(() => {
    answered = true;
  });
  await until(() => clock.pendingTimers > 0);
  await clock.advance(2_999);
  expect(answered).toBe(false);
  await clock.advance(1);
  expect(await slow).toBe('late');
});

test('a black hole ends in a timeout', async () => {
  const { call, pipe } = await setUp(legacy, [], { timeoutMs: 300 });
  expect(await call('echo', { value: 'before' })).toBe('before');
  await pipe.add({ type: 'timeout', timeoutMs: 0 });
  await expect(call('count', { key: 'k' })).rejects.toMatchObject({ code: 'timeout', executed: 'unknown' });
});

test('down is a program that does not start, until it is up again', async () => {
  const { call, pipe, toolkit } = await setUp(legacy, [{ type: 'down', name: 'down' }], { maxRetries: 0 });
  await expect(call('echo', { value: 1 })).rejects.toMatchObject({ executed: 'no', exitCode: 1 });
  await pipe.remove('down');
  await toolkit.reconnect('s');
  expect(await call('echo', { value: 2 })).toBe(2);
});

test('a link that is closed behind so many bytes is a server that exited', async () => {
  const { call, pipe } = await setUp();
  expect(await call('echo', { value: 'before' })).toBe('before');
  await pipe.add({ type: 'limit_data', bytes: 10 });
  const failure = await call('echo', { value: 'cut' }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'outcome_unknown', exitCode: 1, stderr: expect.stringContaining('closed') });
});

test('cut kills the server', async () => {
  const { call, pipe, world } = await setUp();
  await call('echo', { value: 1 });
  const [pid = 0] = world.starts();
  expect(living([pid])).toEqual([pid]);
  pipe.cut();
  await until(() => living([pid]).length === 0 && pipe.starts === 2);
  expect(await call('echo', { value: 2 })).toBe(2);
  expect(world.overlaps()).toEqual([]);
});

test('the exit code of the server is that of the pipe', async () => {
  const { call } = await setUp();
  await call('echo', { value: 1 });
  const failure = await call('cut', { key: 'k', where: 'before' }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'outcome_unknown', exitCode: 1 });
});

test('only a server with a command can have a pipe, and only toxics that a pipe can have', async () => {
  await expect(createFaultPipe({ url: 'http://127.0.0.1/mcp' })).rejects.toMatchObject({ code: 'invalid_config' });
  const { pipe } = await setUp();
  await expect(pipe.add({ type: 'status', status: 503 })).rejects.toThrow('a fault pipe cannot have one of type');
});
