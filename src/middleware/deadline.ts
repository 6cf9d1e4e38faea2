/** Holds a call to its limits and to its caller's signal; what ends the call aborts the work. */

import type { Deadlines } from '../clock.ts';
import { bounded } from '../waits.ts';
import type { Middleware } from './middleware.ts';

export const deadline =
  (deadlines: Deadlines): Middleware =>
  (next) =>
  (call) =>
    bounded(call, deadlines, next);
