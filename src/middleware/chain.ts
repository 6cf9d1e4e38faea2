/** Puts the steps of the road in their order. A user's step stands just inside `observe`, where it sees every call, unless it names a place; behind `route` a call has its tool. */
import { ToolwayError } from '../errors.ts';
import type { CallFn, Middleware } from './middleware.ts';

export interface Step {
  name: string;
  middleware: Middleware;
}

export interface Chain {
  /** Sends a call down the road. */
  readonly run: CallFn;
  /** Adds a step; calls that are under way keep the road they took. */
  use(middleware: Middleware, place?: { before?: string; after?: string }): void;
}

export const createChain = (steps: readonly Step[], last: CallFn): Chain => {
  let road = [...steps];
  const compose = (): CallFn => road.reduceRight<CallFn>((next, { middleware }) => middleware(next), last);
  let run = compose();

  const positionOf = ({ before, after }: { before?: string; after?: string }): number => {
    const name = before ?? after ?? 'observe';
    const index = road.findIndex((step) => step.name === name);
    if (index < 0) {
      const names = road.map((step) => step.name);
      throw new ToolwayError('invalid_config', `there is no step "${name}" in the chain`, { matches: names });
    }
    return before === undefined ? index + 1 : index;
  };

  return {
    run: (call) => run(call),
    use(middleware, place = {}) {
      road = road.toSpliced(positionOf(place), 0, { name: middleware.name || 'user', middleware });
      run = compose();
    },
  };
};
