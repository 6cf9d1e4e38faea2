/** In whose course a server asks. Loaded with its first request, or its first task. */
import type { Call } from '../call.ts';
import type { RequestHandlers } from '../handlers.ts';

/** What is known of who is asked. */
export interface Asker {
  call?: AboutCall;
  /** Who answers instead of the toolkit. */
  handlers?: RequestHandlers | undefined;
  /** Lets the limits of the calls that it may be for stand still, until the function that it gives is called. */
  pause?: () => () => void;
}

/** What handlers are told of a call. */
export interface AboutCall {
  id: string;
  tool?: string;
}

/** Who answers where it cannot be known who is asked. */
const NOBODY: RequestHandlers = {};

/** A server that asks in the course of a call does not say of which: only a single one is certain, and what all have in common. */
export const askerOf = (asking: readonly Call[], now: () => number): Asker => {
  const last = asking.at(-1);
  if (last === undefined) return {};
  const { handlers } = last;
  if (asking.length > 1 && !asking.every((call) => areOfOne(call.handlers, handlers))) return { handlers: NOBODY };
  const pause = (): (() => void) => {
    const resuming = asking.map((call) => call.pause(now()));
    return () => {
      for (const resume of resuming) resume(now());
    };
  };
  return {
    ...(asking.length === 1 && { call: describe(last) }),
    handlers,
    ...(handlers !== undefined && { pause }),
  };
};

/** Whether the same person stands behind two requests, by what they were given. */
const areOfOne = (one: RequestHandlers | undefined, other: RequestHandlers | undefined): boolean =>
  one === other || (one?.conversation !== undefined && one.conversation === other?.conversation);

export const describe = (call: Call): AboutCall =>
  call.tool === undefined ? { id: call.id } : { id: call.id, tool: call.tool.name };
