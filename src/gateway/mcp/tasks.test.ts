import { describe, expect, test, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createMemoryStore } from '../store/memory.ts';
import { createTaskRoom, type Task, type TaskOutcome, type TaskWish } from './tasks.ts';

const BEGIN = Date.UTC(2026, 5, 1);

const world = ({ maxTasks = 10 } = {}) => {
  const clock = createFakeClock();
  const today = (): number => BEGIN + clock.now();
  const store = createMemoryStore({ today });
  /** A room of a gateway that has just been started. */
  const open = () => createTaskRoom({ ...store, clock, today, maxTasks, taskTtlMs: 60_000 });
  return { clock, store, open };
};

/** Work that ends when it is told to, or with its cancellation. */
const work = (onChange?: (task: Task) => void) => {
  let end: (outcome: TaskOutcome) => void = () => {};
  const wish: TaskWish = {
    principal: 'ann',
    target: { server: 's', name: 't' },
    ttlMs: 60_000,
    run: ({ signal }) =>
      new Promise((resolve) => {
        end = resolve;
        signal.addEventListener('abort', () => resolve({ error: { code: -32000, message: 'stopped' } }));
      }),
    ...(onChange && { onChange }),
  };
  return { wish, end: (outcome: TaskOutcome) => end(outcome) };
};
const DONE: TaskOutcome = { result: { content: [] } };

describe('a task', () => {
  test('is told of at each change, and is there after a restart with what it came to', async () => {
    const { open, clock } = world();
    const room = open();
    const seen: string[] = [];
    const { wish, end } = work((task) => seen.push(task.status));
    const { id, status, createdAt } = await room.begin(wish);
    expect([status, createdAt]).toEqual(['working', '2026-06-01T00:00:00.000Z']);
    await clock.advance(1_000);
    end(DONE);
    const ended = await room.ended('ann', id);
    const expected = { id, status: 'completed', createdAt, updatedAt: '2026-06-01T00:00:01.000Z', outcome: DONE };
    expect(ended).toMatchObject(expected);
    await vi.waitFor(() => expect(seen).toEqual(['completed']));
    expect(await open().get('ann', id)).toMatchObject(expected);
    expect(await open().get('bob', id)).toBeUndefined();
  });

  test('that ran when its gateway ended has failed, nobody knows how', async () => {
    const { open } = world();
    const { id } = await open().begin(work().wish);
    const later = open();
    const error = { code: -32000, data: { code: 'outcome_unknown', executed: 'unknown', server: 's', tool: 't' } };
    expect(await later.get('ann', id)).toMatchObject({ status: 'failed', outcome: { error } });
    expect(await later.ended('ann', id)).toMatchObject({ status: 'failed' });
    expect(await later.cancel('ann', id)).toMatchObject({ status: 'failed' });
    expect(await later.cancel('bob', id)).toBeUndefined();
  });

  test('that its gateway ends has failed with what its call failed with; nobody cancelled it', async () => {
    const { open } = world();
    const room = open();
    const { id } = await room.begin(work().wish);
    await room.close();
    expect(await open().get('ann', id)).toMatchObject({ status: 'failed', outcome: { error: { message: 'stopped' } } });
  });

  test('that is cancelled stays so, also where its call ends well nevertheless', async () => {
    const { open } = world();
    const room = open();
    let end = (_: TaskOutcome): void => {};
    const run: TaskWish['run'] = () =>
      new Promise((resolve) => {
        end = resolve;
      });
    const { id } = await room.begin({ ...work().wish, run });
    expect(await room.cancel('bob', id)).toBeUndefined();
    expect(await room.cancel('ann', id)).toMatchObject({ status: 'cancelled' });
    expect(await room.get('ann', id)).toMatchObject({ status: 'cancelled' });
    end(DONE);
    const error = { data: { code: 'cancelled', executed: 'yes' } };
    expect(await room.ended('ann', id)).toMatchObject({ status: 'cancelled', outcome: { error } });
    expect(await open().get('ann', id)).toMatchObject({ status: 'cancelled', outcome: { error } });
  });

  test('that is cancelled when it has just ended is what it came to', async () => {
    const { open, store } = world();
    const room = open();
    const { wish, end } = work();
    const { id } = await room.begin(wish);
    const put = store.records.put;
    let write = (): void => {};
    const held = new Promise<void>((resolve) => {
      write = resolve;
    });
    vi.spyOn(store.records, 'put').mockImplementation((...args) => held.then(() => put(...args)));
    end(DONE);
    await vi.waitFor(() => expect(store.records.put).toHaveBeenCalled());
    expect(await room.get('ann', id)).toMatchObject({ status: 'working' });
    const cancelled = room.cancel('ann', id);
    write();
    expect(await cancelled).toMatchObject({ status: 'completed' });
    expect(await open().get('ann', id)).toMatchObject({ status: 'completed' });
  });

  test('is cancelled and forgotten when its time is over, and forgotten once it has ended', async () => {
    const { open, clock } = world();
    const room = open();
    let stopped = false;
    const run: TaskWish['run'] = ({ signal }) =>
      new Promise(() => {
        signal.addEventListener('abort', () => {
          stopped = true;
        });
      });
    const running = await room.begin({ ...work().wish, run });
    const { wish, end } = work();
    const done = await room.begin(wish);
    await clock.advance(59_000);
    end(DONE);
    await room.ended('ann', done.id);
    await clock.advance(999);
    for (const { id } of [running, done]) expect(await room.get('ann', id)).toBeDefined();
    expect(stopped).toBe(false);
    await clock.advance(1);
    for (const { id } of [running, done]) expect(await room.get('ann', id)).toBeUndefined();
    expect(stopped).toBe(true);
  });

  test('is not begun where as many run, of one principal or altogether', async () => {
    const { open } = world({ maxTasks: 101 });
    const room = open();
    const codeOf = (principal: string) =>
      room.begin({ ...work().wish, principal }).then(
        () => 'begun',
        ({ code }) => code,
      );
    for (let n = 0; n < 100; n += 1) expect(await codeOf('ann')).toBe('begun');
    expect([room.hasRoom('ann'), room.hasRoom('bob')]).toEqual([false, true]);
    expect(await codeOf('ann')).toBe('backpressure');
    expect(await codeOf('bob')).toBe('begun');
    expect(await codeOf('eve')).toBe('backpressure');
  });

  test('is not begun where the store cannot be told of it, and nobody knows how it ended where that cannot be', async () => {
    const { open, store } = world();
    const room = open();
    const full = vi.spyOn(store.records, 'put').mockRejectedValueOnce(new Error('the disk is full'));
    const { wish, end } = work();
    const run = vi.fn(wish.run);
    await expect(room.begin({ ...wish, run })).rejects.toThrow('the disk is full');
    expect(run).not.toHaveBeenCalled();
    const { id } = await room.begin(wish);
    full.mockRejectedValueOnce(new Error('the disk is full'));
    end(DONE);
    expect(await room.ended('ann', id)).toMatchObject({
      status: 'failed',
      outcome: { error: { data: { code: 'outcome_unknown' } } },
    });
    expect(await room.get('ann', id)).toMatchObject({ status: 'failed' });
  });
});
