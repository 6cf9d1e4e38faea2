/** What the parts of the rewriting share while one schema is rewritten. */
import type { Profile, SchemaRules } from '../profiles/profile.ts';
import type { Written } from './back.ts';
import { MAX_CHANGES, type Node, type Schema, Unacceptable } from './read.ts';
import type { Loss, Rule } from './types.ts';

/** Parts that are written before references are no longer written out, and at all; references and levels within each other. */
const MAX_INLINED = 3_000;
const MAX_WRITTEN = 20_000;
const MAX_LEVELS = 400;
/** Nodes that are joined while one schema is rewritten, and steps of one way back. */
const MAX_JOINED = 500_000;
const MAX_STEPS = 2_000_000;

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
  /** Counts the nodes of what was joined from several schemas, and throws where there are too many. */
  joined(nodes: number): void;
  /** Counts steps in a value, and throws where there are too many: a schema that refers to itself could ask for any number. */
  step(steps?: number): void;
  /** Counts the steps from the beginning. */
  restart(): void;
  /** Whether references can still be written out. */
  readonly roomy: boolean;
  keeps(keyword: string): boolean;
  /** Reports a change, under the path of a node where no other is given. */
  note(at: Node, keyword: string, rule: Rule, loss: Loss, path?: string): void;
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
  let level = 0;
  let joined = 0;
  let steps = 0;
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
    joined(nodes) {
      joined += nodes;
      if (joined > MAX_JOINED) throw new Unacceptable('too_large', 'too much of the schema has to be joined');
    },
    step(taken = 1) {
      steps += taken;
      if (steps > MAX_STEPS) throw new Unacceptable('too_large', 'the schema asks for too many steps');
    },
    restart() {
      steps = 0;
    },
    get roomy() {
      return written < MAX_INLINED;
    },
    keeps: (keyword) => kept === undefined || kept.has(keyword),
    get losses() {
      return losses;
    },
    note(at, keyword, rule, loss, path = source.paths.get(at) ?? '') {
      if (loss !== 'none') losses += 1;
      const key = `${path} ${keyword} ${rule}`;
      if (seen.has(key) || source.changes.length >= MAX_CHANGES) return;
      seen.add(key);
      source.changes.push({ path, keyword, rule, loss });
    },
    write(node) {
      if (source.lossy.has(node)) losses += 1;
      if (level >= MAX_LEVELS)
        throw new Unacceptable(
          'too_deep',
          `the schema has more than ${MAX_LEVELS} levels once references are followed`,
        );
      level += 1;
      const done = write(node, pen);
      level -= 1;
      return done;
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
