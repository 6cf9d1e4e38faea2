import { describe, expect, test } from 'vitest';
import { Call, type CallInit } from './call.ts';
import { type Clock, createDeadlines } from './clock.ts';
import { ToolwayError } from './errors.ts';
import { bounded, pause, share } from './waits.ts';

const aCall = (more: Partial<CallInit> = {}): Call =>
  new Call({
    method: 'tools/call',
    params: {},
    server: 'files',
    timeoutMs: 60,
    totalTimeoutMs: 300,
    startedAt: 1_000,
    ...more,
  });
const stop = new ToolwayError('cancelled', 'first');
const later = new ToolwayError('timeout', 'second');
/** Long enough for everything that needs no time. */
const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Time that stands still until `pass`. */
const stillClock = () => {
  let now = 1_000;
  const timers = new Set<{ at: number; fn: () => void }>();
  const clock: Clock = {
    now: () => now,
    after(ms, fn) {
      const timer = { at: now + ms, fn };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer), keepAlive: () => undefined };
    },
  };
  const pass = (ms: number): void => {
    now += ms;
    for (const timer of timers) if (timer.at <= now && timers.delete(timer)) timer.fn();
  };
  return { clock, pass, pending: () => timers.size };
};

describe('a call', () => {
  test('has an id of its own, no scope unless it is isolated, and has not left', () => {
    const [one, two] = [aCall(), aCall({ scope: 's' })];
    expect(one.id).not.toBe(two.id);
    expect([one.scope, two.scope, one.state, one.attempt]).toEqual(['', 's', 'queued', 1]);
  });

  test('is stopped for the first reason, which its holder hears once', () => {
    const call = aCall();
    const heard: ToolwayError[] = [];
    call.hold((error) => heard.push(error));
    call.stop(stop);
    call.stop(later);
    expect(heard).toEqual([stop]);
    expect(call.stopped).toBe(stop);
  });

  test('whoever takes it over after it was stopped hears so at once', () => {
    const call = aCall();
    call.stop(stop);
    const heard: ToolwayError[] = [];
    call.hold((error) => heard.push(error));
    expect(heard).toEqual([stop]);
  });

  test('only its last holder hears, and nobody once it is let go', () => {
    const call = aCall();
    const heard: string[] = [];
    call.hold(() => heard.push('queue'));
    call.hold(() => heard.push('wire'));
    call.stop(stop);
    expect(heard).toEqual(['wire']);
    const other = aCall();
    other.hold(() => heard.push('wire'));
    other.hold(undefined);
    other.stop(stop);
    expect(heard).toEqual(['wire']);
    expect(other.stopped).toBe(stop);
  });

  test('cannot be stopped once it has settled', () => {
    const call = aCall();
    const { signal } = call;
    call.hold(() => expect.unreachable('it was over'));
    call.state = 'settled';
    call.stop(stop);
    expect([call.stopped, signal.aborted]).toEqual([undefined, false]);
  });
});

describe('the time of a call', () => {
  test('is the idle limit, and never more than the total', () => {
    expect(aCall().dueAt).toBe(1_060);
    expect(aCall({ timeoutMs: 500 }).dueAt).toBe(1_300);
  });

  test('starts again with progress, and never passes the total', () => {
    const heard: unknown[] = [];
    const call = aCall({ onProgress: (progress) => heard.push(progress) });
    call.progress({ progress: 1 }, 1_050);
    expect(call.dueAt).toBe(1_110);
    call.touch(1_100);
    expect(call.dueAt).toBe(1_160);
    call.progress({ progress: 2, total: 3, message: 'almost' }, 1_299);
    expect(call.dueAt).toBe(1_300);
    expect(heard).toEqual([{ progress: 1 }, { progress: 2, total: 3, message: 'almost' }]);
  });

  test('has moved also when the listener to progress throws', () => {
    const call = aCall({
      onProgress() {
        throw new Error('boom');
      },
    });
    expect(() => call.progress({ progress: 1 }, 1_050)).toThrow('boom');
    expect(call.dueAt).toBe(1_110);
  });

  test('when it ends, the reason names the limit that was hit', () => {
    const idle = aCall();
    idle.expire();
    expect(idle.stopped).toMatchObject({
      code: 'timeout',
      limit: 60,
      message: 'no answer and no progress within 60 ms',
    });
    const total = aCall({ timeoutMs: 500 });
    total.expire();
    expect(total.stopped).toMatchObject({ code: 'timeout', limit: 300, message: 'not finished within 300 ms' });
  });

  test('a call that has been stopped does not expire', () => {
    const call = aCall();
    call.stop(stop);
    call.expire();
    expect(call.stopped).toBe(stop);
  });
});

describe('the signal of a call', () => {
  test('is made when somebody asks, once, and aborts with the reason', () => {
    const call = aCall();
    const { signal } = call;
    expect(call.signal).toBe(signal);
    expect(signal.aborted).toBe(false);
    call.stop(stop);
    expect(signal.reason).toBe(stop);
  });

  test('has aborted already where the call was stopped before', () => {
    const call = aCall();
    call.stop(stop);
    expect(call.signal.aborted).toBe(true);
    expect(call.signal.reason).toBe(stop);
  });

  test('costs nothing where nobody asks', () => {
    const { AbortController: real } = globalThis;
    let made = 0;
    globalThis.AbortController = class extends real {
      constructor() {
        super();
        made += 1;
      }
    };
    try {
      const call = aCall();
      call.hold(() => undefined);
      call.progress({ progress: 1 }, 1_001);
      call.stop(stop);
      expect(made).toBe(0);
      expect(call.signal.aborted).toBe(true);
      expect(made).toBe(1);
    } finally {
      globalThis.AbortController = real;
    }
  });
});

describe('a bounded call', () => {
  const running = (call: Call): Promise<string> => new Promise((_resolve, reject) => call.hold(reject));

  test('ends at its deadline and leaves no timer behind that matters', async () => {
    const { clock, pass, pending } = stillClock();
    const deadlines = createDeadlines(clock);
    const outcome = bounded(aCall(), deadlines, running).catch((error) => error);
    pass(59);
    expect(pending()).toBe(1);
    pass(1);
    expect(await outcome).toMatchObject({ code: 'timeout', limit: 60 });
    expect(pending()).toBe(0);
  });

  test('ends with its caller, whose reason is the cause, and stops listening', async () => {
    const controller = new AbortController();
    const call = aCall({ signal: controller.signal });
    const deadlines = createDeadlines(stillClock().clock);
    const outcome = bounded(call, deadlines, running).catch((error) => error);
    controller.abort('enough');
    expect(await outcome).toMatchObject({ code: 'cancelled', cause: 'enough' });
    expect(call.stopped).toMatchObject({ code: 'cancelled' });
  });

  test('whose caller has left before does not begin', async () => {
    const call = aCall({ signal: AbortSignal.abort('gone') });
    const deadlines = createDeadlines(stillClock().clock);
    const outcome = bounded(call, deadlines, () => expect.unreachable('it began'));
    await expect(outcome).rejects.toMatchObject({ code: 'cancelled', executed: 'no', cause: 'gone' });
    call.state = 'handed_over';
    const again = bounded(call, deadlines, () => expect.unreachable('it began again'));
    await expect(again).rejects.toMatchObject({ code: 'cancelled', executed: 'unknown' });
  });

  test('is held to its deadline and its caller once more where it is sent down the road once more', async () => {
    const { clock, pass } = stillClock();
    const deadlines = createDeadlines(clock);
    const again = async (call: Call): Promise<unknown> => {
      await bounded(call, deadlines, () => Promise.reject(stop)).catch(() => {});
      return bounded(call, deadlines, running).catch((error) => error);
    };
    const late = again(aCall());
    const controller = new AbortController();
    const cancelled = again(aCall({ signal: controller.signal }));
    await turns();
    controller.abort();
    pass(60);
    expect(await Promise.race([late, turns()])).toMatchObject({ code: 'timeout' });
    expect(await Promise.race([cancelled, turns()])).toMatchObject({ code: 'cancelled' });
  });

  test('that has settled hears neither its caller nor its deadline', async () => {
    const controller = new AbortController();
    const { clock, pass } = stillClock();
    const call = aCall({ signal: controller.signal });
    expect(await bounded(call, createDeadlines(clock), async () => 'done')).toBe('done');
    controller.abort();
    pass(1_000);
    expect(call.stopped).toBeUndefined();
  });
});

describe('a call that waits', () => {
  test('goes on after the time, and can be taken over by the next', async () => {
    const { clock, pass } = stillClock();
    const call = aCall();
    const paused = pause(call, clock, 10);
    pass(10);
    await paused;
    call.stop(stop);
    expect(call.stopped).toBe(stop);
  });

  test('stops waiting when it is stopped, and leaves no timer', async () => {
    const { clock, pending } = stillClock();
    const call = aCall();
    const paused = pause(call, clock, 10);
    call.stop(stop);
    await expect(paused).rejects.toBe(stop);
    expect(pending()).toBe(0);
  });

  test('that has been stopped before does not wait', async () => {
    const { clock, pending } = stillClock();
    const call = aCall();
    call.stop(stop);
    await expect(pause(call, clock, 10)).rejects.toBe(stop);
    expect(pending()).toBe(0);
  });

  test('for something shared leaves alone', async () => {
    let finish = (_value: string): void => undefined;
    const shared = new Promise<string>((resolve) => {
      finish = resolve;
    });
    const [one, two] = [aCall(), aCall()];
    const outcomes = Promise.allSettled([share(one, shared), share(two, shared)]);
    one.stop(stop);
    finish('value');
    expect(await outcomes).toEqual([
      { status: 'rejected', reason: stop },
      { status: 'fulfilled', value: 'value' },
    ]);
  });

  test('for something that fails, fails with it', async () => {
    const call = aCall();
    await expect(share(call, Promise.reject(later))).rejects.toBe(later);
    call.hold(undefined);
    expect(call.stopped).toBeUndefined();
  });
});

describe('a call that is derived from another one', () => {
  test('is the same request under the same id and seal, with neither its signal nor its listener', () => {
    const seal = (): void => {};
    const gone = new AbortController();
    const first = aCall({
      params: { name: 'find' },
      scope: 'x',
      principal: 'ann',
      meta: { trace: 1 },
      retry: { attempts: 2 },
      cache: { ttlMs: 5 },
      idempotencyKey: 'k',
      signal: gone.signal,
      onProgress: () => expect.unreachable('it listens to its own'),
    });
    first.seal = seal;
    first.state = 'handed_over';
    const heard: unknown[] = [];
    const derived = first.derive({ onTouch: (now) => heard.push(now), onProgress: (step) => heard.push(step) });
    const { method, params, server, scope, principal, meta, retry, cache, idempotencyKey, id, endsAt, dueAt } = first;
    expect(derived).toMatchObject({ method, params, server, scope, principal, meta, retry, cache, idempotencyKey });
    expect([derived.id, derived.seal, derived.endsAt, derived.dueAt]).toEqual([id, seal, endsAt, dueAt]);
    expect([derived.state, derived.callerSignal]).toEqual(['queued', undefined]);
    derived.touch(1_010);
    derived.progress({ progress: 1 }, 1_020);
    expect(heard).toEqual([1_010, 1_020, { progress: 1 }]);
    first.stop(stop);
    expect(derived.stopped).toBeUndefined();
  });
});

describe('a call that follows another one', () => {
  test('is as far as that one, and stays where it was when let go', () => {
    const [one, leader] = [aCall(), aCall()];
    one.follow(leader);
    leader.state = 'handed_over';
    leader.attempt = 2;
    leader.asked = true;
    leader.cached = true;
    expect([one.state, one.attempt]).toEqual(['handed_over', 2]);
    one.follow(undefined);
    leader.state = 'settled';
    leader.attempt = 3;
    expect([one.state, one.attempt, one.asked, one.cached]).toEqual(['handed_over', 2, true, true]);
  });

  test('follows no more once it is said where it is', () => {
    const [one, leader] = [aCall(), aCall()];
    one.follow(leader);
    one.state = 'settled';
    leader.state = 'handed_over';
    expect(one.state).toBe('settled');
  });
});
