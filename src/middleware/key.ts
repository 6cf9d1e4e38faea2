/** What a call asks for, as text: equal text, equal calls. */
import type { Call } from '../call.ts';
import { canonicalJson } from '../canonical.ts';

/**
 * A value as the server would read it, in one spelling (RFC 8785). Undefined for what JSON cannot say: it is equal to
 * nothing.
 */
export const wireText = (value: unknown): string | undefined => {
  try {
    // Through JSON, since that is what is sent: a `Date` is its text there, and `NaN` is null.
    return canonicalJson(JSON.parse(JSON.stringify(value)));
  } catch {
    return undefined;
  }
};

/** The keys under which the answer to a call is known. */
export interface AnswerKeys {
  /** For callers of the same principal. */
  own: string;
  /** For all callers of the same scope. */
  shared: string;
}

/** One connection has one set of rights: answers of two scopes never meet. */
export const answerKeys = ({ server, scope, principal, method, params }: Call): AnswerKeys | undefined => {
  const asked = wireText(params);
  if (asked === undefined) return undefined;
  return {
    own: `${JSON.stringify([server, scope, method, principal ?? null])}${asked}`,
    shared: `${JSON.stringify([server, scope, method])}${asked}`,
  };
};
