/** Holds a call to what was judged: the arguments that leave are those that somebody agreed to, byte for byte. */
import type { Call } from '../call.ts';
import { canonicalJson } from '../canonical.ts';
import { ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import { frozenCopy } from './frozen.ts';

/** Gives the call a frozen copy of its own of what it asks for, and seals it. Throws `invalid_arguments`. */
export const takeCopy = (call: Call): void => {
  const { arguments: args = {}, ...rest } = call.params;
  call.params = Object.freeze({ ...rest, arguments: frozenCopy(args) });
  sealCall(call);
};

/** Lets nothing else leave than what the call asks for now; `check` may refuse for other reasons. */
export const sealCall = (call: Call, check?: () => void): void => {
  const { params } = call;
  call.seal = (now) => {
    if (now.params !== params) {
      if (!equal(now.params, params)) throw changed(now);
      // Equal, but anybody's to change: what was judged goes instead.
      now.params = params;
    }
    check?.();
  };
};

const equal = (one: JsonObject, other: JsonObject): boolean => {
  try {
    return canonicalJson(one) === canonicalJson(other);
  } catch {
    return false;
  }
};

const changed = (call: Call): ToolwayError =>
  new ToolwayError('denied', 'what is to be sent is not what the policy let through: it was changed on the way', {
    executed: call.state === 'queued' ? 'no' : 'unknown',
  });
