/**
 * A server's schema in the one form that the rewriting begins with: 2020-12, only keywords that are known and well
 * formed, every subschema an object, every reference to `#/$defs/NAME`. What cannot be kept is noted; the work is bounded.
 */
import type { JsonObject } from '../../protocol/types.ts';
import { IN_PLACE, type Shape, TO_CHILDREN } from '../../schema/dialect.ts';
import { isObject, readDocument, type SchemaDocument } from '../../schema/document.ts';
import { ASSERTIONS, modernized } from '../../schema/keywords.ts';
import { measureJson } from '../../schema/measure.ts';
import type { LintCode } from '../profiles/profile.ts';
import type { Change, Loss, Rule } from './types.ts';

/** Limits of a schema that is rewritten at all. */
const MAX_CHARS = 512 * 1024;
const MAX_JSON_DEPTH = 128;
const MAX_DEPTH = 64;
const MAX_NODES = 8_000;

/** Changes that are kept of one tool, and characters of a path and of a keyword in them; a hostile schema could fill a log. */
export const MAX_CHANGES = 200;
const MAX_PATH = 400;
const MAX_KEYWORD = 64;

/** A subschema as it is written here; never a boolean. */
export type Node = JsonObject;

export interface Schema {
  root: Node;
  /** What references mean, by name. */
  definitions: Map<string, Node>;
  /** Where a node stood in the original. */
  paths: WeakMap<Node, string>;
  /** Nodes of which something was lost already. */
  lossy: WeakSet<Node>;
  changes: Change[];
}

/** No rewriting helps. Never leaves the conversion. */
export class Unacceptable extends Error {
  readonly code: LintCode;

  constructor(code: LintCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Says something about a value for its reader, and asserts nothing. */
export const ANNOTATIONS: readonly string[] = [
  'title',
  'description',
  'default',
  'examples',
  'format',
  'deprecated',
  'readOnly',
  'writeOnly',
  'contentEncoding',
  'contentMediaType',
];

const TEXTS = ['title', 'description', 'format', 'contentEncoding', 'contentMediaType'];

/** Says what a schema is, or what others call it. */
const SILENT = new Set([
  '$schema',
  '$id',
  'id',
  '$anchor',
  '$dynamicAnchor',
  '$recursiveAnchor',
  '$comment',
  '$vocabulary',
]);
const HOLDERS = new Set(['$defs', 'definitions']);
const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef'];

/** Reads a schema. Throws `Unacceptable` where it is none, or too large. */
export const readSchema = (given: unknown): Schema => {
  if (!isObject(given)) throw new Unacceptable('malformed', 'the schema is no object');
  const measured = measureJson(given, MAX_CHARS, MAX_JSON_DEPTH);
  if ('reason' in measured) throw new Unacceptable('too_large', `the schema ${measured.reason}`);
  const document = documentOf(given);
  const definitions = new Map<string, Node>();
  const known = new Map<unknown, string>();
  const nameOf = createNames();
  const pending: { target: JsonObject; name: string; path: string }[] = [];
  const paths = new WeakMap<Node, string>();
  const lossy = new WeakSet<Node>();
  const changes: Change[] = [];
  let nodes = 0;
  let losses = 0;

  const note = (path: string, keyword: string, rule: Rule, loss: Loss): void => {
    if (loss !== 'none') losses += 1;
    if (changes.length < MAX_CHANGES) changes.push({ path, keyword: keyword.slice(0, MAX_KEYWORD), rule, loss });
  };

  const reference = (node: JsonObject, keyword: string, path: string): Node | undefined => {
    const ref = node[keyword];
    const target = document?.target(node, keyword) ?? (typeof ref === 'string' ? pointed(given, ref) : undefined);
    if (typeof target === 'boolean') return target ? {} : { not: {} };
    if (!isObject(target)) {
      note(below(path, keyword), keyword, 'drop', 'weaker');
      return undefined;
    }
    let name = known.get(target);
    if (name === undefined) {
      name = nameOf(String(ref));
      known.set(target, name);
      pending.push({ target, name, path: String(ref).startsWith('#/') ? shortened(String(ref).slice(1)) : path });
    }
    return { $ref: `#/$defs/${name}` };
  };

  const children = (value: unknown, shape: Shape, path: string, depth: number): unknown => {
    if (shape === 'one') return read(value, path, depth);
    if (shape === 'list') {
      if (!Array.isArray(value) || value.length === 0) return undefined;
      return value.map((child, index) => read(child, below(path, `${index}`), depth));
    }
    if (!isObject(value)) return undefined;
    const map: JsonObject = {};
    for (const [key, child] of Object.entries(value)) {
      if (key === '__proto__') note(path, key, 'drop', 'shape');
      else map[key] = read(child, below(path, escaped(key)), depth);
    }
    return map;
  };

  const read = (value: unknown, path: string, depth: number): Node => {
    nodes += 1;
    if (nodes > MAX_NODES) throw new Unacceptable('too_large', `the schema has more than ${MAX_NODES} parts`);
    if (depth > MAX_DEPTH) throw new Unacceptable('too_deep', `the schema has more than ${MAX_DEPTH} levels`);
    const out: Node = {};
    paths.set(out, path);
    const before = losses;
    fill(out, value, path, depth);
    if (losses > before) lossy.add(out);
    return out;
  };

  const fill = (out: Node, value: unknown, path: string, depth: number): void => {
    if (value === false) out.not = {};
    else if (value !== true && !isObject(value)) note(path, '', 'drop', 'weaker');
    if (!isObject(value)) return;
    const hides = document?.sites.get(value)?.dialect.refHidesSiblings === true && value.$ref !== undefined;
    const source = modernized(value);
    for (const keyword of Object.keys(value)) {
      if (SILENT.has(keyword)) note(path, keyword, 'strip', 'none');
      else if (source[keyword] !== value[keyword]) note(path, keyword, 'modernize', 'none');
    }
    for (const [keyword, content] of Object.entries(source)) {
      if (content === undefined || SILENT.has(keyword) || HOLDERS.has(keyword) || REFERENCES.includes(keyword))
        continue;
      const shape = IN_PLACE.get(keyword) ?? TO_CHILDREN.get(keyword);
      const form = ASSERTIONS.get(keyword);
      if (ANNOTATIONS.includes(keyword)) {
        const isText = typeof content === 'string';
        if (TEXTS.includes(keyword) ? isText : isSayable(content)) out[keyword] = content;
        else note(path, keyword, 'drop', 'none');
      } else if (hides) {
        note(path, keyword, 'drop', 'none');
      } else if (shape !== undefined) {
        const parts = children(content, shape, below(path, keyword), depth + 1);
        if (parts === undefined) note(path, keyword, 'drop', 'weaker');
        else out[keyword] = parts;
      } else if (form === undefined) {
        note(path, keyword, 'strip', 'none');
      } else if (form.holds(content) && isSayable(content)) {
        const kept =
          keyword === 'type' ? types(content) : keyword === 'required' ? names(content as string[]) : content;
        if (keyword === 'required' && (content as string[]).includes('__proto__'))
          note(path, keyword, 'drop', 'weaker');
        if (!Array.isArray(kept) || kept.length > 0) out[keyword] = kept;
      } else {
        note(path, keyword, 'drop', 'weaker');
      }
    }
    for (const keyword of REFERENCES) {
      if (value[keyword] === undefined) continue;
      const target = reference(value, keyword, path);
      if (target === undefined) continue;
      if (out.$ref === undefined && target.$ref !== undefined) out.$ref = target.$ref;
      else out.allOf = [...((out.allOf as Node[]) ?? []), target];
    }
  };

  const root = read(given, '', 0);
  // Grows while it is gone through.
  for (const { name, target, path } of pending) definitions.set(name, read(target, path, 0));
  return { root, definitions, paths, lossy, changes };
};

/** Knows ids, anchors and drafts; undefined for a schema that the validator would refuse. */
const documentOf = (given: JsonObject): SchemaDocument | undefined => {
  try {
    return readDocument(given);
  } catch {
    return undefined;
  }
};

const pointed = (root: JsonObject, ref: string): unknown => {
  if (ref === '#') return root;
  if (!ref.startsWith('#/')) return undefined;
  let node: unknown = root;
  for (const token of ref.slice(2).split('/')) {
    const key = decoded(token).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
    node = (node as JsonObject)[key];
  }
  return node;
};

const decoded = (token: string): string => {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
};

/** Names for what references mean, each another: that of the schema where it is short and plain. */
const createNames = (): ((ref: string) => string) => {
  const used = new Set<string>();
  const counts = new Map<string, number>();
  return (ref) => {
    const last = ref.slice(ref.lastIndexOf('/') + 1);
    const isPlain = /^[A-Za-z_][A-Za-z0-9_]{0,47}$/.test(last) && !/^_+proto_+$/.test(last);
    const plain = isPlain ? last : `def${used.size + 1}`;
    let name = plain;
    // Each number is tried once, however many schemas are called the same.
    for (let count = counts.get(plain) ?? 1; used.has(name); count += 1) {
      name = `${plain}_${count}`;
      counts.set(plain, count + 1);
    }
    used.add(name);
    return name;
  };
};

const shortened = (path: string): string => (path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path);
/** A path that is too long ends where it is. */
export const below = (path: string, key: string): string =>
  path.length > MAX_PATH ? path : shortened(`${path}/${key}`);

/** Whether JSON can say it: `1e400` is read as a number that it cannot. The depth is known to be bounded. */
const isSayable = (value: unknown): boolean => {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isSayable);
};

const types = (value: unknown): unknown => {
  const distinct = [...new Set([value].flat())];
  return distinct.length === 1 ? distinct[0] : distinct;
};

/** Each name once, and none that an object has of itself. */
const names = (value: readonly string[]): string[] => [...new Set(value)].filter((name) => name !== '__proto__');

/** A key as it stands in a JSON Pointer. */
export const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
