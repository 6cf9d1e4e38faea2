/** The door of this room: everything that stands above the road, made once per toolkit and loaded when it is first needed. */
import { runBatch } from './batch.ts';
import { runBroadcast } from './broadcast.ts';
import { createFallback } from './fallback.ts';
import { outcomeOf } from './outcome.ts';
import type { Calls, CallsPort } from './port.ts';
import { createQueue } from './queue.ts';

export const createCalls = (port: CallsPort): Calls => {
  const queue = createQueue(port);
  return {
    ...createFallback(port),
    tryCall: ([name, args = {}, wanted = {}], startedAt) =>
      outcomeOf(port.house.deadlines.clock, startedAt, (making) => port.ask({ name, args, wanted, startedAt, making })),
    batch: ([calls, options]) => runBatch(port, calls, options),
    queue: ([name, args = {}, wanted = {}], startedAt) => queue.add({ name, args, wanted, startedAt }),
    broadcast: ([tool, args, options]) => runBroadcast(port, tool, args, options),
  };
};
