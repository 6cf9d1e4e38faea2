/** The one road: every call of a toolkit takes these steps, in this order, whatever it is and whoever makes it. */

import type { Finder } from './finder.ts';
import { type Chain, createChain } from './middleware/chain.ts';
import { deadline } from './middleware/deadline.ts';
import { limit } from './middleware/limit.ts';
import { observe } from './middleware/observe.ts';
import { route } from './middleware/route.ts';
import { validate } from './middleware/validate.ts';
import type { House } from './server/server.ts';

/** From the toolkit's door to the connection of the call's server. A step never sees a connection. */
export const createRoad = ({ deadlines, events, calls }: House, finder: Finder): Chain =>
  createChain(
    [
      { name: 'observe', middleware: observe({ clock: deadlines.clock, events, calls }) },
      { name: 'route', middleware: route((call) => finder.arrive(call)) },
      { name: 'policy', middleware: validate((call) => finder.checksOf(call)) },
      { name: 'deadline', middleware: deadline(deadlines) },
      { name: 'limit', middleware: limit((call) => finder.server(call.server).lane) },
    ],
    (call) => finder.server(call.server).perform(call),
  );
