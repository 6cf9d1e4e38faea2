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
    connect: async ({ lost }) => {
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

  test('is given up when it is refused in the same way twice in a row, until somebody reconnects', async () => {
    const outcomes: (ToolwayError | undefined)[] = [];
    let attempts = 0;
    const { connection } = remote({
      connect: async () => {
        attempts += 1;
        const error = outcomes.shift();
        if (error !== undefined) throw error;
        return { close: async () => {} } as unknown as Session;
      },
    });
    const forbidden = (status = 403) => new ToolwayError('forbidden', `no, at ${performance.now()}`, { status });
    outcomes.push(
      forbidden(),
      down(),
      forbidden(),
      new ToolwayError('auth_failed', 'bad key'),
      forbidden(),
      forbidden(),
    );
    const outcome = connection.session().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(await outcome).toMatchObject({ code: 'forbidden' });
    expect([connection.state.name, attempts]).toEqual(['failed', 6]);
    outcomes.push(forbidden());
    expect(await connection.reconnect().catch(({ code }) => code)).toBe('forbidden');
    await vi.advanceTimersByTimeAsync(2_000);
    expect([connection.state.name, attempts]).toEqual(['ready', 8]);
  });

  test('that wants authorization is not tried again at all', async () => {
    const { connection, world } = remote({
      connect: async () => {
        throw new ToolwayError('auth_required', 'log in first');
      },
    });
    expect(await connection.session().catch(({ code }) => code)).toBe('auth_required');
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

  test('is closed for good at whatever moment of its making', async () => {
    for (let ticks = 0; ticks < 12; ticks += 1) {
      let open = 0;
      const { connection } = remote({
        connect: async () => {
          open += 1;
          return {
            close: async () => {
              open -= 1;
            },
          } as unknown as Session;
        },
      });
      connection.session().catch(() => {});
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      await connection.close();
      await vi.advanceTimersByTimeAsync(0);
      expect([ticks, connection.state.name, connection.current(), open]).toEqual([ticks, 'closed', undefined, 0]);
    }
  });

  test('that is made anew twice at once gives both who asked the second one', async () => {
    const { connection, world } = remote();
    await connection.session();
    const [one, other] = [connection.reconnect(), connection.reconnect()];
    expect(await one).toBe(await other);
    expect(connection.current()).toBe(await one);
    expect(world.attempts).toHaveLength(2);
  });

  test('knows in each attempt why the one before it failed', async () => {
    let attempts = 0;
    const { connection } = remote({
      connect: () => {
        attempts += 1;
        return attempts === 1 ? Promise.reject(down()) : new Promise(() => {});
      },
    });
    connection.session().catch(() => {});
    expect(connection.state).toMatchObject({ name: 'connecting', attempt: 1, cause: undefined });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(connection.state).toMatchObject({ name: 'connecting', attempt: 2, cause: { code: 'connect_failed' } });
  });

  test('is watched while it is live, and made again when the watch finds it dead', async () => {
    const watched: { stopped: boolean; lost: (cause: ToolwayError) => void }[] = [];
    const closedWith: unknown[] = [];
    const { connection } = remote({
      connect: async () => ({ close: async (cause?: unknown) => void closedWith.push(cause) }) as unknown as Session,
      watch: (_session, lost) => {
        const watch = { stopped: false, lost };
        watched.push(watch);
        return () => {
          watch.stopped = true;
        };
      },
    });
    await connection.session();
    const silent = new ToolwayError('not_connected', 'no sign of life');
    watched[0]?.lost(silent);
    expect(connection.state).toMatchObject({ name: 'waiting', cause: silent });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(connection.state.name).toBe('ready');
    watched[0]?.lost(silent);
    expect(connection.state.name).toBe('ready');
    await connection.close();
    expect(watched.map(({ stopped }) => stopped)).toEqual([true, true]);
    expect(closedWith).toEqual([silent, undefined]);
  });

  test('never has two links at a time: the next one waits until the last of the one before is gone', async () => {
    let alive = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    let lose: (cause: ToolwayError) => void = () => {};
    const { connection } = remote({
      isChild: true,
      connect: async ({ lost }) => {
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
      connect: async ({ lost }) => {
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
