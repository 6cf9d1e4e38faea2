import { describe, expect, test } from 'vitest';
import { type FuseWorldOptions, fuseWorld } from '../../test/fixtures/fuse-world.ts';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import { ToolwayError } from '../errors.ts';

const SECOND = 1_000;
const MINUTE = 60_000;

/** What failures mean has been loaded, and they are forgotten again. */
const world = async (options: FuseWorldOptions = {}) => {
  const it = fuseWorld(options);
  it.fails();
  await it.clock.settle();
  it.fuse.reset();
  const { clock, fuse, fails } = it;
  /** Opens it, and lets its time pass. */
  const halfOpen = async (): Promise<void> => {
    fails(5);
    await clock.advance(5 * SECOND);
  };
  /** Settles the latest probe. */
  const settle = async (how: 'answer' | 'fail'): Promise<void> => {
    it.latest()[how]();
    await clock.settle();
  };
  return { ...it, halfOpen, settle, name: () => fuse.name };
};

describe('what failures mean', () => {
  test('is loaded with the first of them, and no answer, of whatever kind, is one', async () => {
    let loads = 0;
    const { fuse, clock, answers, connects, lose, fails } = fuseWorld({
      loading: async (load) => {
        loads += 1;
        return load();
      },
    });
    answers(100);
    connects();
    lose(new ToolwayError('server_error', 'why', { rpcCode: -32_602 }));
    lose(new ToolwayError('protocol_error', 'an answer that does not fit', { executed: 'yes' }));
    fuse.failed(callFor('tools/call'), new ToolwayError('timeout', 'in the queue', { executed: 'no' }));
    await clock.settle();
    expect(loads).toBe(0);
    fails(20);
    await clock.settle();
    fails(20);
    expect([loads, fuse.name]).toEqual([1, 'open']);
  });

  test('holds for those that came while it was being loaded, and for what was between them', async () => {
    const { fuse, clock, answers, fails } = fuseWorld();
    fails(4);
    answers();
    fails(4);
    await clock.settle();
    expect(fuse.name).toBe('closed');
    fails();
    expect(fuse.name).toBe('open');
  });

  test('is asked for again where it could not be loaded; until then no call is refused', async () => {
    let isDown = true;
    const { fuse, clock, fails } = fuseWorld({
      loading: async (load) => {
        if (isDown) throw new TypeError('Failed to fetch dynamically imported module');
        return load();
      },
    });
    for (let i = 0; i < 20; i += 1) {
      fails();
      await clock.settle();
    }
    expect(fuse.refusal()).toBeUndefined();
    isDown = false;
    fails(5);
    await clock.settle();
    expect(fuse.name).toBe('open');
  });

  test('is of no interest any more where the server was closed, isolated or reset meanwhile', async () => {
    for (const end of ['close', 'isolate', 'reset'] as const) {
      const { fuse, clock, fails } = fuseWorld();
      fails(5);
      fuse[end]();
      await clock.settle();
      expect(fuse.name).toBe(end === 'isolate' ? 'isolated' : 'closed');
      expect(clock.pendingTimers).toBe(0);
    }
  });
});

describe('an open circuit', () => {
  test('says for how long, and why, to callers and to whoever listens', async () => {
    const { fuse, fails, clock, told, refused } = await world();
    fails(5);
    await clock.advance(2 * SECOND);
    const refusal = fuse.refusal();
    expect(refusal).toMatchObject({ code: 'breaker_open', executed: 'no', retryAfterMs: 3_000, cause: refused });
    expect(refusal?.message).toContain('refused');
    expect(told).toEqual(['open 5000']);
  });
  test('lets go of the calls that wait for their turn', async () => {
    const { fails, refusedWaiting, fuse } = await world();
    fails(5);
    fuse.reset();
    fuse.isolate();
    expect(refusedWaiting).toMatchObject([
      { code: 'breaker_open', executed: 'no', retryAfterMs: 5_000 },
      { code: 'breaker_open', executed: 'no' },
    ]);
  });
  test('takes no notice of what was under way', async () => {
    const { fails, answers, opensIn, clock } = await world();
    fails(5);
    await clock.advance(SECOND);
    answers(10);
    fails(10);
    expect(opensIn()).toBe(4 * SECOND);
  });
  test('is half open when its time is over, and asks by itself', async () => {
    const { fuse, name, fails, clock, probes } = await world();
    fails(5);
    await clock.advance(4_999);
    expect([name(), probes.length]).toEqual(['open', 0]);
    await clock.advance(1);
    expect([name(), probes.length]).toEqual(['half_open', 1]);
    expect(fuse.refusal()).toMatchObject({ code: 'breaker_open', retryAfterMs: 1_000 });
  });
  test.each([
    [0, [4, 8, 16, 32, 64, 128, 256, 256]],
    [0.5, [5, 10, 20, 40, 80, 160, 300, 300]],
    [0.999_999_999, [6, 12, 24, 48, 96, 192, 300, 300]],
  ])('with the lot %f is open for %j s, one after the other', async (lot, waits) => {
    const { fails, clock, settle, opensIn } = await world({ random: () => lot });
    fails(5);
    const seen: number[] = [];
    for (const _ of waits) {
      const ms = opensIn() as number;
      seen.push(Math.round(ms / SECOND));
      await clock.advance(ms);
      await settle('fail');
    }
    expect(seen).toEqual(waits);
  });
  test('is open for as long as its configuration says', async () => {
    const { fails, opensIn } = await world({ openMs: 50_000 });
    fails(5);
    expect(opensIn()).toBe(50_000);
  });
  test('leaves no timer when it is closed for good, and never opens again', async () => {
    const { fuse, fails, clock } = await world();
    fails(5);
    fuse.close();
    expect(clock.pendingTimers).toBe(0);
    const other = await world();
    other.fuse.close();
    other.fails(10);
    expect(other.clock.pendingTimers).toBe(0);
  });
});

describe('a half-open circuit', () => {
  test('closes after two answers to its probes, one probe at a time', async () => {
    const { fuse, name, halfOpen, probes, settle, told } = await world();
    await halfOpen();
    await settle('answer');
    expect([name(), probes.length]).toEqual(['half_open', 2]);
    await settle('answer');
    expect([name(), probes.length]).toEqual(['closed', 2]);
    expect(fuse.refusal()).toBeUndefined();
    expect(told).toEqual(['open 5000', 'half open', 'closed']);
  });
  test('opens again with the first probe that fails', async () => {
    const { name, halfOpen, settle, told } = await world();
    await halfOpen();
    await settle('answer');
    await settle('fail');
    expect(name()).toBe('open');
    expect(told).toEqual(['open 5000', 'half open', 'open 10000']);
  });
  test('takes no notice of calls that were under way', async () => {
    const { name, halfOpen, fails, answers } = await world();
    await halfOpen();
    answers(10);
    fails(10);
    expect(name()).toBe('half_open');
  });
  test('that is closed by hand hears no more of its probe', async () => {
    const { fuse, name, halfOpen, settle } = await world();
    await halfOpen();
    fuse.reset();
    await settle('fail');
    expect(name()).toBe('closed');
  });
  test('begins with nothing counted when it has closed', async () => {
    const { name, halfOpen, settle, fails } = await world();
    await halfOpen();
    await settle('answer');
    await settle('answer');
    fails(4);
    expect(name()).toBe('closed');
  });
});

describe('what was doubled', () => {
  /** Opened three times in a row, and closed again. */
  const closedAgain = async () => {
    const it = await world();
    await it.halfOpen();
    for (const wait of [10, 20]) {
      await it.settle('fail');
      await it.clock.advance(wait * SECOND);
    }
    await it.settle('answer');
    await it.settle('answer');
    return it;
  };

  test.each([
    [0, 40],
    [59, 40],
    [60, 20],
    [120, 10],
    [180, 5],
    [6_000, 5],
  ])('is taken back once for each healthy minute: after %i s it is open for %i s', async (healthy, seconds) => {
    const it = await closedAgain();
    await it.clock.advance(healthy * SECOND);
    it.fails(5);
    expect(it.opensIn()).toBe(seconds * SECOND);
  });
  test('is not while there are failures', async () => {
    const it = await closedAgain();
    for (let i = 0; i < 6; i += 1) {
      await it.clock.advance(50 * SECOND);
      it.fails();
    }
    it.fails(4);
    expect(it.opensIn()).toBe(40 * SECOND);
  });
  test('is forgotten when it is closed by hand', async () => {
    const it = await closedAgain();
    it.fuse.reset();
    it.fails(5);
    expect(it.opensIn()).toBe(5 * SECOND);
  });
});

describe('connections', () => {
  test('that cannot be made open the circuit, and one that is made closes it', async () => {
    const { name, cannotConnect, connects } = await world();
    cannotConnect(5);
    expect(name()).toBe('open');
    connects();
    expect(name()).toBe('closed');
    cannotConnect(4);
    connects();
    cannotConnect(4);
    expect(name()).toBe('closed');
  });
  test('that are made are no cure for calls that fail over them', async () => {
    const { name, fails, connects } = await world();
    for (let i = 0; i < 5; i += 1) {
      fails();
      connects();
    }
    expect(name()).toBe('open');
  });
  test('that still cannot be made open a half-open circuit again', async () => {
    const { halfOpen, cannotConnect, told } = await world();
    await halfOpen();
    cannotConnect();
    expect(told.at(-1)).toBe('open 10000');
  });
  test('that are lost count where calls were with the server', async () => {
    const { name, losesLink } = await world();
    for (let i = 0; i < 20; i += 1) losesLink(false);
    expect(name()).toBe('closed');
    for (let i = 0; i < 5; i += 1) losesLink(true);
    expect(name()).toBe('open');
  });
  test('that are given up close it: callers are told why there is none', async () => {
    const { name, cannotConnect, givesUp } = await world();
    cannotConnect(5);
    givesUp();
    expect(name()).toBe('closed');
  });
});

describe('an isolated circuit', () => {
  test('refuses calls until it is released by all who hold it, and each can do so once', async () => {
    const { fuse, name, fails, answers, connects, told } = await world();
    const [one, two] = [fuse.isolate(), fuse.isolate()];
    fails(10);
    answers(10);
    connects();
    fuse.reset();
    expect(name()).toBe('isolated');
    expect(fuse.refusal()).toMatchObject({ code: 'breaker_open', executed: 'no' });
    expect(fuse.refusal()).not.toHaveProperty('retryAfterMs');
    one();
    one();
    expect(name()).toBe('isolated');
    two();
    expect([name(), fuse.refusal()]).toEqual(['closed', undefined]);
    expect(told).toEqual(['open by hand', 'closed']);
  });
  test('that was open is told of as isolated, and as closed when it is released', async () => {
    const { fuse, fails, told } = await world();
    fails(5);
    fuse.isolate()();
    expect(told).toEqual(['open 5000', 'open by hand', 'closed']);
  });
  test('asks nothing, whatever it was before', async () => {
    const { fuse, name, halfOpen, fails, settle, clock, probes } = await world();
    fails(5);
    fuse.isolate()();
    await halfOpen();
    // The second opening lasts twice as long.
    await clock.advance(5 * SECOND);
    const release = fuse.isolate();
    await settle('answer');
    await clock.advance(MINUTE);
    expect([name(), probes.length, clock.pendingTimers]).toEqual(['isolated', 1, 0]);
    release();
    expect(name()).toBe('closed');
  });
});
