/**
 * An untrusted schema as a document: every subschema with its place, every name that a reference can mean, and what
 * each reference points to. Nothing is fetched: a reference that leaves the document is refused.
 */
import { ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import { DEFAULT_DIALECT, type Dialect, dialectOf, HOLDERS, IN_PLACE, type Shape, TO_CHILDREN } from './dialect.ts';

/** Levels of subschemas, counted from the root. */
const MAX_SCHEMA_DEPTH = 32;
/** Entries of all `properties` and `patternProperties` together. */
const MAX_PROPERTIES = 500;
/** Subschemas of the whole document, definitions included. */
const MAX_SUBSCHEMAS = 1_000;

/** What `$id` sets apart: a schema with a URI of its own and its own anchors. */
interface Resource {
  uri: string;
  root: JsonObject;
  anchors: Map<string, JsonObject>;
}

/** Where a subschema stands. */
export interface Site {
  pointer: string;
  dialect: Dialect;
  resource: Resource;
}

/** A schema that a reference may point to; `true` and `false` are schemas too. */
export type Target = JsonObject | boolean;

export interface SchemaDocument {
  sites: Map<JsonObject, Site>;
  /** What `keyword` (`$ref`, `$dynamicRef`, `$recursiveRef`) of `node` points to, if it has one. */
  target(node: JsonObject, keyword: string): Target | undefined;
  /** Schemas that some reference points to. */
  targets: Set<JsonObject>;
}

const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef'];
const BASE = 'https://schema.invalid/';

/** Refuses a schema, naming the place in it. */
export const refuse = (pointer: string, reason: string, limit?: number): ToolwayError =>
  new ToolwayError('unsupported', pointer === '' ? reason : `${pointer.slice(0, 200)}: ${reason}`, { limit });

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a schema whose nesting is known to be bounded. Throws `unsupported` with the reason. */
export const readDocument = (root: JsonObject): SchemaDocument => {
  const sites = new Map<JsonObject, Site>();
  const resources = new Map<string, Resource>();
  const dynamic = new Map<string, number>();
  const found = new Map<JsonObject, Map<string, Target>>();
  const targets = new Set<JsonObject>();
  const unresolved: JsonObject[] = [];
  let properties = 0;

  const name = (resource: Resource, anchor: unknown, node: JsonObject, pointer: string): void => {
    if (typeof anchor !== 'string') throw refuse(pointer, 'an anchor is not a string');
    const other = resource.anchors.get(anchor);
    if (other !== undefined && other !== node) throw refuse(pointer, `two schemas are called ${quoted(anchor)}`);
    resource.anchors.set(anchor, node);
  };

  const resourceOf = (node: JsonObject, parent: Resource, dialect: Dialect, pointer: string): Resource => {
    const id = node[dialect.idKeyword];
    if (typeof id !== 'string' || (dialect.refHidesSiblings && node.$ref !== undefined)) return parent;
    if (id.startsWith('#')) {
      if (id.length > 1) name(parent, id.slice(1), node, pointer);
      return parent;
    }
    const uri = absolute(id, parent.uri);
    if (uri === undefined) return parent;
    if (resources.has(uri)) throw refuse(pointer, `two schemas are called ${quoted(uri)}`);
    const resource = parent.root === node ? Object.assign(parent, { uri }) : { uri, root: node, anchors: new Map() };
    resources.set(uri, resource);
    return resource;
  };

  const scan = (node: unknown, parent: Resource, inherited: Dialect, pointer: string, depth: number): void => {
    if (typeof node === 'boolean') return;
    if (!isObject(node)) throw refuse(pointer, 'is neither an object nor a boolean');
    if (sites.has(node)) return;
    if (depth > MAX_SCHEMA_DEPTH) throw refuse('', `has more than ${MAX_SCHEMA_DEPTH} levels`, MAX_SCHEMA_DEPTH);
    if (sites.size >= MAX_SUBSCHEMAS) throw refuse('', `has more than ${MAX_SUBSCHEMAS} subschemas`, MAX_SUBSCHEMAS);
    const dialect = node.$schema === undefined ? inherited : dialectOf(node.$schema);
    const resource = resourceOf(node, parent, dialect, pointer);
    sites.set(node, { pointer, dialect, resource });
    for (const keyword of ['$anchor', '$dynamicAnchor']) {
      if (node[keyword] !== undefined) name(resource, node[keyword], node, pointer);
    }
    if (typeof node.$dynamicAnchor === 'string') count(dynamic, node.$dynamicAnchor);
    if (node.$recursiveAnchor === true) count(dynamic, '');
    if (REFERENCES.some((keyword) => node[keyword] !== undefined)) unresolved.push(node);
    for (const table of [IN_PLACE, TO_CHILDREN, HOLDERS]) {
      for (const [keyword, shape] of table) {
        if (node[keyword] === undefined) continue;
        for (const [key, child] of entriesOf(node[keyword], keyword, shape, pointer)) {
          if (keyword === 'properties' || keyword === 'patternProperties') properties += 1;
          if (properties > MAX_PROPERTIES) {
            throw refuse('', `has more than ${MAX_PROPERTIES} properties`, MAX_PROPERTIES);
          }
          scan(child, resource, dialect, `${pointer}/${keyword}${key}`, depth + 1);
        }
      }
    }
  };

  const follow = (ref: unknown, site: Site): Target => {
    if (typeof ref !== 'string') throw refuse(site.pointer, 'a reference is not a string');
    const hash = ref.indexOf('#');
    const uri = absolute(hash === -1 ? ref : ref.slice(0, hash), site.resource.uri);
    const resource = hash === 0 ? site.resource : uri === undefined ? undefined : resources.get(uri);
    if (resource === undefined) {
      throw refuse(site.pointer, `refers to ${quoted(ref)}, which is not part of the schema and is not fetched`);
    }
    const fragment = decoded(hash === -1 ? '' : ref.slice(hash + 1), site.pointer);
    const target = fragment.startsWith('/') ? pointed(resource.root, fragment) : resource.anchors.get(fragment);
    const reached = fragment === '' ? resource.root : target;
    if (typeof reached === 'boolean') return reached;
    if (!isObject(reached)) throw refuse(site.pointer, `refers to ${quoted(ref)}, which does not exist`);
    if (!sites.has(reached)) scan(reached, resource, site.dialect, fragment, 0);
    return reached;
  };

  const base: Resource = { uri: BASE, root, anchors: new Map() };
  resources.set(BASE, base);
  scan(root, base, DEFAULT_DIALECT, '', 0);
  for (let node = unresolved.pop(); node !== undefined; node = unresolved.pop()) {
    const site = sites.get(node);
    if (site === undefined) continue;
    const own = new Map<string, Target>();
    for (const keyword of REFERENCES) {
      if (node[keyword] === undefined) continue;
      const target = follow(node[keyword], site);
      if (keyword !== '$ref' && isObject(target)) {
        const anchor = keyword === '$recursiveRef' ? '' : String(target.$dynamicAnchor);
        if ((dynamic.get(anchor) ?? 0) > 1) throw refuse(site.pointer, `what its ${keyword} means is only known later`);
      }
      own.set(keyword, target);
      if (isObject(target)) targets.add(target);
    }
    found.set(node, own);
  }
  return { sites, targets, target: (node, keyword) => found.get(node)?.get(keyword) };
};

const entriesOf = (value: unknown, keyword: string, shape: Shape, pointer: string): [string, unknown][] => {
  const place = `${pointer}/${keyword}`;
  if (shape === 'list' || (keyword === 'items' && Array.isArray(value))) {
    if (!Array.isArray(value)) throw refuse(place, 'is not an array');
    return value.map((child, index) => [`/${index}`, child]);
  }
  if (shape === 'one') return [['', value]];
  if (!isObject(value)) throw refuse(place, 'is not an object');
  const entries = Object.entries(value).map(([key, child]): [string, unknown] => [`/${escaped(key)}`, child]);
  return keyword === 'dependencies' ? entries.filter(([, child]) => !Array.isArray(child)) : entries;
};

const pointed = (root: JsonObject, pointer: string): unknown => {
  let node: unknown = root;
  for (const token of pointer.slice(1).split('/')) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
    node = (node as JsonObject)[key];
  }
  return node;
};

const absolute = (reference: string, base: string): string | undefined => {
  try {
    const url = new URL(reference, base);
    url.hash = '';
    return url.href;
  } catch {
    return undefined;
  }
};

const decoded = (fragment: string, pointer: string): string => {
  try {
    return decodeURIComponent(fragment);
  } catch {
    throw refuse(pointer, `refers to ${quoted(fragment)}, which is badly escaped`);
  }
};

const count = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
const quoted = (text: string): string => JSON.stringify(text.length > 120 ? `${text.slice(0, 119)}…` : text);
