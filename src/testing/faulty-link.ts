/** One link through a proxy: two directions, each a queue of what arrived and the toxics that it passes through. */
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';
import type { Framing } from './message-splitter.ts';
import { leftovers, passThrough, type Stage, type StageState } from './stages.ts';
import { type AddedToxic, MESSAGE_TYPES, type OwnShelf } from './toxic-shelf.ts';
import type { Direction, Toxic } from './toxics.ts';

export interface FaultyLinkOptions {
  client: Duplex;
  target: Duplex;
  shelf: OwnShelf;
  clock: Clock;
  random: () => number;
  /** Where the link carries messages; toxics for messages pass it by elsewhere. */
  framing?: Framing;
}

export interface FaultyLink {
  /** Ends both sides at once, as a crash would. */
  reset(): void;
}

type Item = { bytes: Uint8Array; at: number; for?: AddedToxic } | 'end';

/** Above this many bytes on their way a direction reads no more. */
const HIGH_WATER_BYTES = 256 * 1024;
const NOTHING = new Uint8Array(0);

export const createFaultyLink = (options: FaultyLinkOptions): FaultyLink => {
  const { client, target, shelf, clock, random, framing } = options;
  const afflicted = new Map<AddedToxic, boolean>();
  const waiters = new Map<() => void, AddedToxic | undefined>();
  let over = false;
  let open = 2;

  /** Chance decides once for each toxic and link. */
  const afflicts = (entry: AddedToxic): boolean => {
    let yes = afflicted.get(entry);
    if (yes === undefined) {
      yes = entry.toxicity >= 1 || random() < entry.toxicity;
      afflicted.set(entry, yes);
    }
    return yes;
  };
  const wait = (ms: number, entry?: AddedToxic): Promise<void> =>
    over || !(ms > 0) || (entry !== undefined && !shelf.entries.includes(entry))
      ? Promise.resolve()
      : new Promise((resolve) => {
          const done = (): void => {
            timer.cancel();
            waiters.delete(done);
            resolve();
          };
          const timer = clock.after(ms, done);
          waiters.set(done, entry);
        });

  const finish = (): void => {
    over = true;
    unlisten();
    for (const done of [...waiters.keys()]) done();
  };
  const reset = (): void => {
    finish();
    for (const side of [client, target]) destroy(side, true);
  };
  /** What was written is still delivered. */
  const close = (): void => {
    finish();
    for (const side of [client, target]) side.end(() => destroy(side, false));
  };

  const createDirection = (direction: Direction, source: Duplex, sink: Duplex) => {
    const queue: Item[] = [];
    const states = new Map<AddedToxic, StageState>();
    let queuedBytes = 0;
    let pumping = false;

    const stateOf = (entry: AddedToxic): StageState => {
      let state = states.get(entry);
      if (state === undefined) {
        state = { passed: 0, lossy: false, held: [] };
        states.set(entry, state);
      }
      return state;
    };
    const write = (bytes: Uint8Array): Promise<void> | void => {
      if (bytes.length === 0 || sink.writableEnded) return;
      // Who speaks to somebody who has gone is told so, as a kernel would.
      if (sink.destroyed) return reset();
      if (sink.write(bytes)) return;
      return new Promise((resolve) => {
        const done = (): void => {
          sink.off('drain', done);
          sink.off('close', done);
          resolve();
        };
        sink.on('drain', done);
        sink.on('close', done);
      });
    };
    const feed = async (
      entries: readonly AddedToxic[],
      index: number,
      bytes: Uint8Array,
      at: number,
    ): Promise<void> => {
      if (over) return;
      const entry = entries[index];
      if (entry === undefined) return write(bytes);
      const pass = (passed: Uint8Array): Promise<void> => feed(entries, index + 1, passed, at);
      if (!shelf.entries.includes(entry)) return pass(bytes);
      const stage: Stage = {
        state: stateOf(entry),
        at,
        framing: framing ?? 'line',
        now: clock.now,
        random,
        wait: (ms) => wait(ms, entry),
        pass,
        wake: (ms) => clock.after(ms, () => push({ bytes: NOTHING, at: clock.now(), for: entry })).cancel,
        close,
        reset,
      };
      await passThrough(entry, bytes, stage);
    };
    const isOwn = ({ toxic, stream }: AddedToxic): boolean =>
      stream === direction && (framing !== undefined || !isAboutMessages(toxic));
    const own = (): AddedToxic[] => shelf.entries.filter((entry) => isOwn(entry) && afflicts(entry));

    /** Gives up what toxics hold back, each behind itself. */
    const release = async (released: readonly AddedToxic[]): Promise<void> => {
      for (const entry of released) {
        const state = states.get(entry);
        states.delete(entry);
        if (state === undefined) continue;
        const entries = own();
        const index = entries.indexOf(entry);
        for (const piece of leftovers(state)) await feed(entries, index + 1, piece, clock.now());
      }
    };
    const end = async (): Promise<void> => {
      await release(own());
      for (const entry of own()) if (entry.toxic.type === 'slow_close') await wait(entry.toxic.delayMs, entry);
      if (!over) sink.end();
    };
    const pump = async (): Promise<void> => {
      pumping = true;
      for (let item = queue.shift(); item !== undefined && !over; item = queue.shift()) {
        if (item === 'end') {
          await end();
          continue;
        }
        const entries = own();
        const start = item.for === undefined ? 0 : entries.indexOf(item.for);
        if (start >= 0) await feed(entries, start, item.bytes, item.at);
        queuedBytes -= item.bytes.length;
        if (queuedBytes < HIGH_WATER_BYTES && source.isPaused()) source.resume();
      }
      pumping = false;
    };
    const push = (item: Item): void => {
      queue.push(item);
      if (!pumping) void pump();
    };

    source.on('data', (bytes: Buffer) => {
      queuedBytes += bytes.length;
      if (queuedBytes >= HIGH_WATER_BYTES) source.pause();
      push({ bytes, at: clock.now() });
    });
    source.on('end', () => push('end'));
    // Somebody may have read its first bytes in another way.
    source.resume();
    return {
      states,
      async removed(entry: AddedToxic) {
        if (states.get(entry)?.lossy === true) close();
        else await release([entry]);
      },
      /** What the toxic does by itself, without data. */
      added(entry: AddedToxic) {
        const { toxic } = entry;
        if (entry.stream !== direction || toxic.type !== 'timeout' || toxic.timeoutMs === 0 || !afflicts(entry)) return;
        void wait(toxic.timeoutMs, entry).then(() => {
          if (shelf.entries.includes(entry)) close();
        });
      },
    };
  };

  const directions = [
    createDirection('upstream', client, target),
    createDirection('downstream', target, client),
  ] as const;
  const unlisten = shelf.listen({
    added: (entry) => {
      for (const direction of directions) direction.added(entry);
    },
    async removed(entry) {
      for (const [done, waiting] of [...waiters]) if (waiting === entry) done();
      for (const direction of directions) await direction.removed(entry);
    },
  });
  for (const entry of shelf.entries) for (const direction of directions) direction.added(entry);

  for (const side of [client, target]) {
    let failed = false;
    side.on('error', () => {
      failed = true;
    });
    side.on('close', () => {
      open -= 1;
      if (open === 0) finish();
      else if (failed) reset();
      // What it had said is still on its way to the other.
    });
  }
  return { reset };
};

const isAboutMessages = ({ type }: Toxic): boolean => (MESSAGE_TYPES as readonly string[]).includes(type);

/** A socket that is reset tells its peer so; other streams just end. */
const destroy = (side: Duplex, abruptly: boolean): void => {
  const socket = side as Duplex & { resetAndDestroy?: () => void; connecting?: boolean };
  if (abruptly && socket.resetAndDestroy !== undefined && !socket.destroyed && socket.connecting !== true)
    socket.resetAndDestroy();
  else side.destroy();
};
