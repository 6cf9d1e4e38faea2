import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { Session } from '../protocol/session.ts';
import { backoffMs } from './backoff.ts';
import { type ConnectionOptions, createConnection } from './connection.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const down = () => new ToolwayError('connect_failed', 'refused');

/** A server that is up or down as the test says, and remembers how often it was tried. */
const remote = (options: Partial<ConnectionOptions> = {}) => {
  const world = {
    up: true,
    attempts: [] as number[],
    lose: (_cause: ToolwayError) => {},
    states: [] as string[],
  };
  const startedAt = performance.now();
  const connection = createConnection({
    clock: systemClock,
    isChild: false,
    autoReconnect: true,
    maxRetries: Number.POSITIVE_INFINITY,
    retryDelayMs: 1_000,
    connect: async (lost) => {
      world.attempts.push(Math.round(performance.now() - startedAt));
      world.lose = lost;
      if (!world.up) throw down();
      return { close: async () => {} } as unknown as Session;
    },
    onState: ({ name }) => void world.states.push(name),
    ...options,
  });
  return { world, connection };
};

describe('a connection', () => {
  test('is made once for all who ask at the same time', async () => {
    const { world, connection } = remote();
    const sessions = await Promise.all([connection.session(), connection.session(), connection.firstOutcome()]);
    expect(new Set(sessions).size).toBe(1);
    expect(world.attempts).toHaveLength(1);
    expect(connection.current()).toBe(sessions[0]);
  });

  test('to a server that comes up after seven seconds is made on the schedule, for the caller who waited', async () => {
    const { world, connection } = remote();
    world.up = false;
    const session = connection.session();
    setTimeout(() => {
      world.up = true;
    }, 7_000);
    await vi.advanceTimersByTimeAsync(20_000);
    await session;
    expect(world.attempts.length).toBeLessThanOrEqual(6);
    for (const [index, at] of world.attempts.slice(1).entries()) {
      const wait = at - (world.attempts[index] ?? 0);
      const plain = 1_000 * 1.6 ** index;
      expect(wait).toBeGreaterThanOrEqual(plain * 0.8 - 1);
      expect(wait).toBeLessThanOrEqual(plain * 1.2 + 1);
    }
  });

  test('is given up after as many retries as allowed, with the cause, until somebody reconnects', async () => {
    const { world, connection } = remote({ maxRetries: 2 });
    world.up = false;
    const outcome = connection.session().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await outcome).toMatchObject({ code: 'connect_failed' });
    expect(world.attempts).toHaveLength(3);
    expect(await connection.session().catch((error: unknown) => error)).toMatchObject({ executed: 'no' });
    expect(world.attempts).toHaveLength(3);
    world.up = true;
    await connection.reconnect();
    expect(connection.state.name).toBe('ready');
  });

  test('is given up at once when another attempt cannot help', async () => {
    const { connection, world } = remote({
      connect: async () => {
        throw new ToolwayError('spawn_failed', 'no such command');
      },
    });
    expect(await connection.session().catch((error: unknown) => error)).toMatchObject({ code: 'spawn_failed' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(world.states).toEqual(['connecting', 'failed']);
  });

  test('the first outcome is told while later attempts go on', async () => {
    const { world, connection } = remote();
    world.up = false;
    expect(await connection.firstOutcome().catch((error: unknown) => error)).toMatchObject({ code: 'connect_failed' });
    world.up = true;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(connection.state.name).toBe('ready');
  });

  test('that is lost is made again: a child at once, a remote one within a second', async () => {
    for (const isChild of [true, false]) {
      const { world, connection } = remote({ isChild });
      await connection.session();
      const before = performance.now();
      world.lose(down());
      expect(connection.current()).toBeUndefined();
      const again = connection.session();
      await vi.advanceTimersByTimeAsync(isChild ? 0 : 1_000);
      await again;
      expect(performance.now() - before).toBeLessThanOrEqual(isChild ? 1 : 1_000);
    }
  });

  test('that is lost stays so without autoReconnect', async () => {
    const { world, connection } = remote({ autoReconnect: false });
    await connection.session();
    world.lose(down());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connection.state.name).toBe('failed');
    expect(world.attempts).toHaveLength(1);
  });

  test('is closed from any state, and whoever waited is told', async () => {
    const { world, connection } = remote();
    world.up = false;
    const waiting = connection.session().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(100);
    await connection.close();
    expect(await waiting).toMatchObject({ code: 'closed', executed: 'no' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(world.attempts).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that comes about after the close is ended and given to nobody', async () => {
    let made: (session: Session) => void = () => {};
    let closed = 0;
    const { connection } = remote({
      connect: () =>
        new Promise((resolve) => {
          made = resolve;
        }),
    });
    const outcome = connection.session().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(0);
    const closing = connection.close();
    made({
      close: async () => {
        closed += 1;
      },
    } as unknown as Session);
    expect(await outcome).toMatchObject({ code: 'closed' });
    await closing;
    expect(closed).toBe(1);
  });

  test('that is closed before it has begun opens nothing', async () => {
    const { world, connection } = remote();
    const outcome = connection.session().catch((error: unknown) => error);
    await connection.close();
    expect(await outcome).toMatchObject({ code: 'closed', executed: 'no' });
    expect(world.attempts).toHaveLength(0);
  });

  test('never has two links at a time: the next one waits until the last of the one before is gone', async () => {
    let alive = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    let lose: (cause: ToolwayError) => void = () => {};
    const { connection } = remote({
      isChild: true,
      connect: async (lost) => {
        alive += 1;
        most = Math.max(most, alive);
        lose = lost;
        return {
          close: () =>
            new Promise<void>((resolve) =>
              ends.push(() => {
                alive -= 1;
                resolve();
              }),
            ),
        } as unknown as Session;
      },
    });
    await connection.session();
    lose(down());
    const again = connection.session();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(alive).toBe(1);
    ends.shift()?.();
    await again;
    const reconnected = connection.reconnect();
    const waiting = connection.session();
    await vi.advanceTimersByTimeAsync(1_000);
    ends.shift()?.();
    expect(await waiting).toBe(await reconnected);
    expect(most).toBe(1);
    const closing = connection.close();
    await vi.advanceTimersByTimeAsync(6_000);
    await closing;
  });

  test('whose child dies five times within a minute is given up, until somebody reconnects', async () => {
    const { world, connection } = remote({ isChild: true });
    for (let crash = 1; crash <= 4; crash += 1) {
      await connection.session();
      world.lose(down());
      await vi.advanceTimersByTimeAsync(1_000);
    }
    await connection.session();
    world.lose(down());
    expect(connection.state.name).toBe('failed');
    expect(world.attempts).toHaveLength(5);
    await connection.reconnect();
    expect(connection.state.name).toBe('ready');
  });

  test('that is lost before anybody got it counts as a failed attempt', async () => {
    let attempts = 0;
    const { connection } = remote({
      connect: async (lost) => {
        attempts += 1;
        if (attempts === 1) lost(new ToolwayError('server_exited', 'gone', { exitCode: 1 }));
        return { close: async () => {} } as unknown as Session;
      },
    });
    expect(await connection.firstOutcome().catch((error: unknown) => error)).toMatchObject({
      code: 'connect_failed',
      exitCode: 1,
    });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(connection.state.name).toBe('ready');
    expect(attempts).toBe(2);
  });
});

test('the delay grows by 1.6 within a fifth either way and never passes its cap', () => {
  for (let failures = 1; failures <= 40; failures += 1) {
    const plain = Math.min(30_000, 1_000 * 1.6 ** (failures - 1));
    expect(backoffMs(failures, { random: () => 0 })).toBeCloseTo(plain * 0.8);
    expect(backoffMs(failures, { random: () => 1 })).toBeCloseTo(Math.min(30_000, plain * 1.2));
  }
});
