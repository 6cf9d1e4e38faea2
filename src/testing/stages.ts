/** What each toxic does to the bytes that pass through it on one link. */
import { createMessageSplitter, type Framing, type MessageSplitter } from './message-splitter.ts';
import type { AddedToxic } from './toxic-shelf.ts';
import type { LinkToxic, MessageToxic } from './toxics.ts';

/** What a toxic keeps for one direction of one link. */
export interface StageState {
  /** Bytes that it let through. */
  passed: number;
  /** Whether it lost any. */
  lossy: boolean;
  splitter?: MessageSplitter;
  held: Buffer[];
  /** Takes back the wait for further messages. */
  unhold?: () => void;
}

export interface Stage {
  readonly state: StageState;
  /** When the bytes arrived at the proxy, in the clock's milliseconds. */
  readonly at: number;
  readonly framing: Framing;
  now(): number;
  random(): number;
  /** Waits; no longer than the toxic is there, and the link lasts. */
  wait(ms: number): Promise<void>;
  /** Hands bytes on to the next toxic, and in the end to the other side. */
  pass(bytes: Uint8Array): Promise<void>;
  /** Comes back later with no bytes, unless the result is called. */
  wake(ms: number): () => void;
  /** Closes the link; what was passed on before still arrives. */
  close(): void;
  /** Resets the link. */
  reset(): void;
}

type Passing<T> = (toxic: T, bytes: Uint8Array, stage: Stage) => Promise<void> | void;
type Stages = { [T in (LinkToxic | MessageToxic)['type']]: Passing<Extract<LinkToxic | MessageToxic, { type: T }>> };

/** Toxiproxy lets a tenth of a second's bytes go at a time. */
const BANDWIDTH_STEP_S = 0.1;

const STAGES: Stages = {
  async latency({ latencyMs, jitterMs = 0 }, bytes, { at, now, random, wait, pass }) {
    const delay = latencyMs + jitterMs * (2 * random() - 1);
    await wait(at + delay - now());
    await pass(bytes);
  },
  async bandwidth({ bytesPerSecond }, bytes, { wait, pass }) {
    const step = Math.max(1, Math.floor(bytesPerSecond * BANDWIDTH_STEP_S));
    for (let start = 0; start < bytes.length; start += step) {
      const piece = bytes.subarray(start, start + step);
      await wait((piece.length / bytesPerSecond) * 1_000);
      await pass(piece);
    }
  },
  slow_close: (_toxic, bytes, { pass }) => pass(bytes),
  timeout(_toxic, _bytes, { state }) {
    state.lossy = true;
  },
  async reset_peer({ timeoutMs = 0 }, bytes, { state, wait, reset, pass }) {
    if (bytes.length === 0) return pass(bytes);
    state.lossy = true;
    await wait(timeoutMs);
    reset();
  },
  async slicer({ averageSize = 1, sizeVariation = 0, delayMs = 0 }, bytes, { random, wait, pass }) {
    for (let start = 0; start < bytes.length; ) {
      const size = Math.max(1, Math.round(averageSize + sizeVariation * (2 * random() - 1)));
      if (start > 0 && delayMs > 0) await wait(delayMs);
      await pass(bytes.subarray(start, start + size));
      start += size;
    }
  },
  async limit_data({ bytes: limit }, bytes, { state, pass, close }) {
    const allowed = bytes.subarray(0, Math.max(0, limit - state.passed));
    state.passed += allowed.length;
    if (allowed.length > 0) await pass(allowed);
    if (state.passed >= limit) close();
  },
  down: (_toxic, bytes, { pass }) => pass(bytes),
  async duplicate(_toxic, bytes, { state, framing, pass }) {
    for (const message of messagesOf(state, framing, bytes)) {
      await pass(message);
      await pass(message);
    }
  },
  async reorder({ of = 2, withinMs = 100 }, bytes, { state, framing, pass, wake }) {
    // No bytes: the others have not come in time.
    const release = async (): Promise<void> => {
      state.unhold?.();
      state.unhold = undefined;
      for (const message of state.held.splice(0).reverse()) await pass(message);
    };
    if (bytes.length === 0) return release();
    for (const message of messagesOf(state, framing, bytes)) {
      state.held.push(message);
      if (state.held.length >= of) await release();
      else state.unhold ??= wake(withinMs);
    }
  },
};

const messagesOf = (state: StageState, framing: Framing, bytes: Uint8Array): Buffer[] => {
  state.splitter ??= createMessageSplitter(framing);
  return state.splitter.push(bytes);
};

/** Sends bytes through one toxic. */
export const passThrough = (entry: AddedToxic, bytes: Uint8Array, stage: Stage): Promise<void> | void => {
  const run = STAGES[entry.toxic.type as keyof Stages] as Passing<unknown> | undefined;
  return run === undefined ? stage.pass(bytes) : run(entry.toxic, bytes, stage);
};

/** What a toxic still holds when the stream ends, or when it is removed: it may not keep anything back. */
export const leftovers = ({ held, splitter, unhold }: StageState): Buffer[] => {
  unhold?.();
  return [...held.splice(0).reverse(), ...(splitter === undefined ? [] : [splitter.rest()])].filter(
    (piece) => piece.length > 0,
  );
};
