/**
 * What the rest of the house knows about JSON Schema: hand a schema over, get a check back. Node and the browser
 * supply different engines (see `../node/schema-engine.ts` and `./cfworker.ts`); the limits are the same.
 */
import type { Problem } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { Errand } from './errand.ts';

/**
 * Checks one value: `undefined` when it fits, else what is wrong. Most checks answer at once; one that had to leave the
 * thread (patterns, reference cycles) answers later.
 */
export type Check = (value: unknown) => Problem[] | undefined | Promise<Problem[] | undefined>;

/** Why a schema cannot be used; its tool is called without validation, with a warning. */
export interface SchemaRefusal {
  reason: string;
}

export interface Validator {
  /**
   * Prepares a check. Never throws and never stalls: a schema over the limits is refused. Draft-07 and 2020-12.
   * Without an errand nobody in particular waits for it.
   */
  compile(schema: JsonObject, errand?: Errand): Promise<Check | SchemaRefusal>;
  /** Ends what it runs in the background. */
  close(): Promise<void>;
}

export const isRefusal = (compiled: Check | SchemaRefusal): compiled is SchemaRefusal => typeof compiled !== 'function';
