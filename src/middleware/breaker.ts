/** Refuses calls to a server that keeps failing, and tells its fuse what became of the others. */
import type { Call } from '../call.ts';
import type { ToolwayError } from '../errors.ts';
import type { Middleware } from './middleware.ts';

/** What the step knows of a call's server. */
export interface Fuse {
  /** Why calls are refused now; undefined while they are not. */
  refusal(): ToolwayError | undefined;
  /** Notes an answer, whatever it says, and hands it on. */
  readonly answered: <T>(answer: T) => T;
  /** Notes the failure of a call. */
  failed(call: Call, thrown: unknown): void;
}

/** `fuseOf` gives the fuse of a call's server. */
export const breaker =
  (fuseOf: (call: Call) => Fuse): Middleware =>
  (next) =>
  (call) => {
    const fuse = fuseOf(call);
    const refusal = fuse.refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    return next(call).then(fuse.answered, (thrown: unknown) => {
      fuse.failed(call, thrown);
      throw thrown;
    });
  };
