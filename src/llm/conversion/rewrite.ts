import type { JsonObject } from '../../protocol/types.ts';
import { isObject } from '../../schema/document.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Back, Written } from './back.ts';
import { overLimit } from './limits.ts';
import { createPen, type Pen } from './pen.ts';
import { readSchema, Unacceptable } from './read.ts';
import { writeRoot } from './root.ts';
import type { Change, Finding } from './types.ts';
import { writeNode } from './write.ts';

export type Rewritten =
  | { quarantined: Finding; changes: Change[] }
  | {
      quarantined?: undefined;
      schema: JsonObject;
      changes: Change[];
      /** What the schema cannot say, for the description of the tool. */
      notes: string[];
      toArguments(input: JsonObject): JsonObject;
    };

const known = new WeakMap<Profile, WeakMap<object, Rewritten>>();

/** Rewrites one schema by one profile, once. Never throws. */
export const rewriteSchema = (given: unknown, profile: Profile): Rewritten => {
  if (!isObject(given)) return rewrite(given, profile);
  const before = known.get(profile) ?? new WeakMap<object, Rewritten>();
  known.set(profile, before);
  const rewritten = before.get(given) ?? rewrite(given, profile);
  before.set(given, rewritten);
  return rewritten;
};

const rewrite = (given: unknown, profile: Profile): Rewritten => {
  try {
    const source = readSchema(given);
    const pen = createPen(profile, source, writeNode);
    const { schema: root, back, notes } = writeRoot(source.root, pen);
    const definitions = usedBy(root, pen.definitions);
    const schema = definitions.size > 0 ? { ...root, $defs: Object.fromEntries(definitions) } : root;
    const over = overLimit(schema, profile);
    if (over !== undefined) source.changes.push({ path: '', keyword: over, rule: 'over-limit', loss: 'shape' });
    return { schema, changes: source.changes, notes, toArguments: wayBack(back, pen) };
  } catch (error) {
    const code = error instanceof Unacceptable ? error.code : 'malformed';
    const message = error instanceof Error ? error.message : String(error);
    return { quarantined: { code, path: '', message }, changes: [] };
  }
};

/** The definitions that are still referred to, in the order in which they are met. */
const usedBy = (root: JsonObject, all: ReadonlyMap<string, Written>): Map<string, JsonObject> => {
  const used = new Map<string, JsonObject>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { $ref } = value as JsonObject;
    const name = typeof $ref === 'string' ? $ref.slice('#/$defs/'.length) : '';
    const definition = used.has(name) ? undefined : all.get(name)?.schema;
    if (definition !== undefined) {
      used.set(name, definition);
      look(definition);
    }
    for (const child of Object.values(value)) look(child);
  };
  if (all.size > 0) look(root);
  return used;
};

const wayBack =
  (back: Back | undefined, pen: Pen) =>
  (input: JsonObject): JsonObject => {
    if (back === undefined) return input;
    try {
      pen.restart();
      const value = back(input);
      return isObject(value) ? value : input;
    } catch {
      // Deeper or longer than anything that a schema asks for: the check of the arguments says so.
      return input;
    }
  };
