/** One timer for all children of a toolkit whose age or memory is bounded: now and then their memory is measured, and each pool looks at its own. */
import type { Timer } from '../clock.ts';
import type { House } from './server.ts';

/** A pool, as far as its children are looked after. */
export interface Kept {
  /** The processes whose memory is to be measured. */
  pids(): number[];
  /** Looks at all children. `bytes` is the memory of each process; nothing where it cannot be told. */
  look(bytes: ReadonlyMap<number, number> | undefined): void;
}

/** Looks after pools until the function that `join` gives is called. */
export interface Upkeep {
  join(kept: Kept): () => void;
}

const LOOK_MS = 2_000;
const NOTHING: ReadonlyMap<number, number> = new Map();
const upkeeps = new WeakMap<House, Upkeep>();

/** That of a toolkit. */
export const upkeepOf = (house: House): Upkeep => {
  const upkeep = upkeeps.get(house) ?? createUpkeep(house);
  upkeeps.set(house, upkeep);
  return upkeep;
};

const createUpkeep = ({ deadlines: { clock }, runtime: { processes } }: House): Upkeep => {
  const all = new Set<Kept>();
  let timer: Timer | undefined;

  const look = async (): Promise<void> => {
    const pids = [...all].flatMap((kept) => kept.pids());
    const bytes = pids.length === 0 ? NOTHING : await processes?.memoryOf(pids).catch(() => undefined);
    for (const kept of all) kept.look(bytes);
    wait();
  };
  const wait = (): void => {
    if (all.size === 0) {
      timer = undefined;
      return;
    }
    timer = clock.after(LOOK_MS, () => void look());
    timer.keepAlive(false);
  };
  return {
    join(kept) {
      all.add(kept);
      if (timer === undefined) wait();
      return () => {
        all.delete(kept);
        if (all.size > 0) return;
        timer?.cancel();
        timer = undefined;
      };
    },
  };
};
