/** Requests of one caller that are under way and may be asked in each other's place, since the same person stands behind them. */
import type { Caller } from '../../principal.ts';

export interface Conversations {
  /** The conversation of a caller, for one request; `leave` is called once it is over. */
  enter(caller: Caller): { of: object; leave(): void };
}

export const createConversations = (): Conversations => {
  const underWay = new Map<string, { requests: number }>();
  return {
    enter({ principal: { id } }) {
      const of = underWay.get(id) ?? { requests: 0 };
      of.requests += 1;
      underWay.set(id, of);
      return {
        of,
        leave() {
          of.requests -= 1;
          if (of.requests === 0 && underWay.get(id) === of) underWay.delete(id);
        },
      };
    },
  };
};
