/** Holds a call to what was judged: the arguments that leave are those that somebody agreed to, byte for byte. */
import type { Call } from '../call.ts';
import { canonicalJson } from '../canonical.ts';
import { ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import { frozenCopy, isObject, notJson } from './frozen.ts';

/** Gives the call a frozen copy of its own of what it asks for, and seals it. Throws `invalid_arguments`. */
export const takeCopy = (call: Call): void => {
  const { params } = call;
  const copy = frozenCopy(params.arguments === undefined ? { ...params, arguments: {} } : params);
  if (!isObject(copy.arguments)) throw notJson();
  call.params = copy;
  copies.add(copy);
  sealCall(call);
};

const copies = new WeakSet<JsonObject>();

/** What the call asks for: the copy that it was given, or `denied`. */
export const takenCopy = (call: Call): JsonObject => {
  if (!copies.has(call.params)) throw changed(call);
  return call.params;
};

/**
 * Lets nothing else leave than what the call asks for now; `check` may refuse for other reasons. Once the call was let
 * go, what it asks for cannot be replaced any more: it may have to be sent again.
 */
export const sealCall = (call: Call, check?: () => void): void => {
  const { params } = call;
  call.seal = (now) => {
    if (!equal(now.params, params)) throw changed(now);
    check?.();
    now.fix(params);
  };
};

/** Equal is enough: a step may have copied what it was given. It is the frozen one that leaves. */
const equal = (one: JsonObject, other: JsonObject): boolean => {
  try {
    return one === other || canonicalJson(one) === canonicalJson(other);
  } catch {
    return false;
  }
};

const changed = (call: Call): ToolwayError =>
  new ToolwayError('denied', 'what is to be sent is not what the policy let through: it was changed on the way', {
    executed: call.state === 'queued' ? 'no' : 'unknown',
  });
