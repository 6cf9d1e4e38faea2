/**
 * Whether a call may be made at all: its tool is still what was first seen, its arguments fit, and the policy lets it
 * through or somebody agrees to it. In this order: nobody is asked for a call that would fail anyway.
 */
import type { Call } from '../call.ts';
import type { ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { Middleware } from './middleware.ts';
import { type ToolChecks, validation, type WaitFor } from './validate.ts';

/** What is known of a call's tool. */
export interface ToolStanding extends ToolChecks {
  /** Present while the definition is not the one first seen. */
  readonly drift?: { readonly blocks: boolean; error(): ToolwayError };
}

/** The rules, where there are any. */
export interface PolicyGuard {
  /** Gives the call arguments that nobody else can change. */
  take(call: Call): void;
  judge(call: Call, next: (call: Call) => Promise<JsonObject>): Promise<JsonObject>;
}

export interface PolicyOptions {
  /** What is known of a call's tool; nothing where its definition could not be read. */
  standingOf(call: Call): ToolStanding | undefined;
  guard?: PolicyGuard;
  /** The schemas of a tool may have to be waited for. */
  waitFor: WaitFor;
}

export const policy =
  ({ standingOf, guard, waitFor }: PolicyOptions): Middleware =>
  (next) => {
    const validated = validation(waitFor);
    const judged = guard === undefined ? next : (call: Call) => guard.judge(call, next);
    return (call) => {
      if (call.method !== 'tools/call' && call.taint === undefined) return next(call);
      const standing = standingOf(call);
      try {
        if (standing?.drift?.blocks) throw standing.drift.error();
        guard?.take(call);
      } catch (error) {
        return Promise.reject(error);
      }
      return standing === undefined ? judged(call) : validated(call, standing, judged);
    };
  };
