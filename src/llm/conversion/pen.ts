/** What the parts of the rewriting share while one schema is rewritten. */
import type { Profile, SchemaRules } from '../profiles/profile.ts';
import type { Written } from './back.ts';
import { MAX_CHANGES, type Node, type Schema, Unacceptable } from './read.ts';
import type { Loss, Rule } from './types.ts';

/** Parts that are written before references are no longer written out, and at all. */
const MAX_INLINED = 3_000;
const MAX_WRITTEN = 20_000;

export interface Pen {
  readonly profile: Profile;
  readonly rules: SchemaRules;
  readonly source: Schema;
  /** Definitions of the result, with their ways back. */
  readonly definitions: Map<string, Written>;
  /** Definitions that are being written out, outermost first. */
  readonly open: string[];
  /** Definitions that were written out in a schema that was merged from several. */
  readonly expanded: WeakMap<Node, readonly string[]>;
  /** Counts a part, and throws where there are too many. */
  count(): void;
  /** Whether references can still be written out. */
  readonly roomy: boolean;
  keeps(keyword: string): boolean;
  note(at: Node, keyword: string, rule: Rule, loss: Loss): void;
  /** How often something was lost so far. */
  readonly losses: number;
  write(node: Node): Written;
  /** A copy that reports under the same path. */
  like(at: Node, node: Node): Node;
}

export const createPen = (profile: Profile, source: Schema, write: (node: Node, pen: Pen) => Written): Pen => {
  const kept = profile.schema.keywords === 'all' ? undefined : new Set(profile.schema.keywords);
  const seen = new Set<string>();
  let written = 0;
  let losses = 0;
  const pen: Pen = {
    profile,
    rules: profile.schema,
    source,
    definitions: new Map(),
    open: [],
    expanded: new WeakMap(),
    count() {
      written += 1;
      if (written > MAX_WRITTEN) throw new Unacceptable('too_large', 'the schema is too large once it is written out');
    },
    get roomy() {
      return written < MAX_INLINED;
    },
    keeps: (keyword) => kept === undefined || kept.has(keyword),
    get losses() {
      return losses;
    },
    note(at, keyword, rule, loss) {
      if (loss !== 'none') losses += 1;
      const path = source.paths.get(at) ?? '';
      const key = `${path} ${keyword} ${rule}`;
      if (seen.has(key) || source.changes.length >= MAX_CHANGES) return;
      seen.add(key);
      source.changes.push({ path, keyword, rule, loss });
    },
    write(node) {
      if (source.lossy.has(node)) losses += 1;
      return write(node, pen);
    },
    like(at, node) {
      if (source.lossy.has(at)) source.lossy.add(node);
      const path = source.paths.get(at);
      if (path !== undefined && !source.paths.has(node)) source.paths.set(node, path);
      return node;
    },
  };
  return pen;
};
