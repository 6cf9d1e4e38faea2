/** What waits for its turn: the urgent first, and of that a piece of each owner after the other. */
import type { Errand } from './errand.ts';

export interface PlaceOptions {
  /** It is known to be short, and goes before everything that is not. Default: false. */
  isQuick?: boolean;
  /** It goes before what its owner has in line already. Default: false. */
  isNext?: boolean;
}

export interface Line<J> {
  readonly size: number;
  /** One job of an errand waits at a time. */
  add(job: J, errand: Errand, place?: PlaceOptions): void;
  /** The job whose turn it is. */
  take(): J | undefined;
}

interface Place<J> {
  readonly job: J;
  readonly errand: Errand;
}
type Queues<J> = Record<Rank, Place<J>[]>;
type Rank = (typeof RANKS)[number];
const RANKS = ['quick', 'urgent', 'other'] as const;

/** However long the list of one owner is, another one waits for one job of it and no more. */
export const createLine = <J extends object>(): Line<J> => {
  /** The owner whose turn was longest ago is first. */
  const owners = new Map<object, Queues<J>>();
  let size = 0;

  const queuesOf = (owner: object): Queues<J> => {
    const queues = owners.get(owner) ?? { quick: [], urgent: [], other: [] };
    owners.set(owner, queues);
    return queues;
  };
  const takeFrom = (owner: object, queues: Queues<J>, rank: Rank): J | undefined => {
    const place = queues[rank].shift();
    if (place === undefined) return undefined;
    place.errand.raise = undefined;
    size -= 1;
    owners.delete(owner);
    if (RANKS.some((each) => queues[each].length > 0)) owners.set(owner, queues);
    return place.job;
  };

  return {
    get size() {
      return size;
    },
    add(job, errand, { isQuick = false, isNext = false } = {}) {
      const queues = queuesOf(errand.owner);
      const queue = queues[isQuick ? 'quick' : errand.urgent ? 'urgent' : 'other'];
      const place = { job, errand };
      if (isNext) queue.unshift(place);
      else queue.push(place);
      size += 1;
      errand.raise = () => {
        const index = queues.other.indexOf(place);
        if (index >= 0) queues.urgent.push(...queues.other.splice(index, 1));
      };
    },
    take() {
      for (const rank of RANKS) {
        for (const [owner, queues] of owners) {
          const job = takeFrom(owner, queues, rank);
          if (job !== undefined) return job;
        }
      }
      return undefined;
    },
  };
};
