/**
 * A server's schema as schemas of an OpenAPI document: 2020-12, each schema that is referred to a component of its own,
 * so that every reference resolves. What only says where a schema is, or nothing that a reader could use, is left out.
 */
import type { JsonObject } from '../../../protocol/types.ts';
import { classify } from '../../../schema/classify.ts';
import { IN_PLACE, type Shape, TO_CHILDREN } from '../../../schema/dialect.ts';
import { readDocument, type Target } from '../../../schema/document.ts';
import { ASSERTIONS, modernized } from '../../../schema/keywords.ts';

/** Components by name, the schema that was given under `root`. */
export interface DescribedSchema {
  root: string;
  components: Record<string, JsonObject>;
}

const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef'];
const TEXTS = new Set(['title', 'description', 'format', 'contentEncoding', 'contentMediaType']);
const FLAGS = new Set(['deprecated', 'readOnly', 'writeOnly']);
const MAX_TEXT = 4_096;

/** Where a component is referred to. */
export const referenceTo = (component: string): JsonObject => ({ $ref: `#/components/schemas/${component}` });

/** Gives the reason where a schema cannot be used. `name` begins the names of all its components. */
export const describeSchema = (schema: unknown, name: string): DescribedSchema | { reason: string } => {
  const usable = classify(schema);
  if (usable.kind === 'refused') return { reason: usable.reason };
  const given = schema as JsonObject;
  const document = readDocument(given);
  const names = new Map<JsonObject, string>([[given, name]]);
  const taken = new Set([name]);
  const pending: JsonObject[] = [given];
  const components: Record<string, JsonObject> = {};

  const componentOf = (node: JsonObject): string => {
    const known = names.get(node);
    if (known !== undefined) return known;
    const last = document.sites.get(node)?.pointer.split('/').at(-1) ?? '';
    const label = last.replace(/[^A-Za-z0-9]+/g, '_').slice(0, 64) || 'part';
    let component = `${name}.${label}`;
    for (let number = 2; taken.has(component); number += 1) component = `${name}.${label}.${number}`;
    taken.add(component);
    names.set(node, component);
    pending.push(node);
    return component;
  };
  const refer = (target: Target): Target => (typeof target === 'boolean' ? target : referenceTo(componentOf(target)));
  const place = (node: Target): Target =>
    typeof node === 'boolean' || !(document.targets.has(node) || node === given) ? emit(node) : refer(node);

  const below = (value: unknown, shape: Shape): unknown => {
    if (shape === 'one') return place(value as Target);
    if (shape === 'list') return (value as Target[]).map((child) => place(child));
    const kept = Object.entries(value as JsonObject).filter(([key]) => key !== '__proto__');
    return Object.fromEntries(kept.map(([key, child]) => [key, place(child as Target)]));
  };

  const emit = (node: Target): Target => {
    if (typeof node === 'boolean') return node;
    const direct = document.target(node, '$ref');
    if (direct !== undefined && document.sites.get(node)?.dialect.refHidesSiblings) return refer(direct);
    const source = modernized(node);
    const out: JsonObject = {};
    for (const [key, value] of Object.entries(source)) {
      if (value === undefined) continue;
      const shape = IN_PLACE.get(key) ?? TO_CHILDREN.get(key);
      if (key === 'patternProperties') out[key] = below(withUsableNames(value as JsonObject), 'map');
      else if (shape !== undefined) out[key] = below(value, shape);
      else if (isKept(key, value)) out[key] = typeof value === 'string' ? value.slice(0, MAX_TEXT) : value;
    }
    const referred = REFERENCES.flatMap((key): Target[] => {
      const target = document.target(node, key);
      return target === undefined ? [] : [refer(target)];
    });
    const [first, ...others] = referred;
    if (first === undefined) return out;
    if (others.length === 0 && typeof first === 'object') return { ...out, ...first };
    return { ...out, allOf: [...((out.allOf as Target[]) ?? []), ...referred] };
  };

  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    components[names.get(next) as string] = emit(next) as JsonObject;
  }
  return { root: name, components };
};

/** Whether a keyword that holds no schema says something, and can be read wherever the document goes. */
const isKept = (key: string, value: unknown): boolean => {
  if (TEXTS.has(key)) return typeof value === 'string';
  if (FLAGS.has(key)) return typeof value === 'boolean';
  if (key === 'pattern') return isPattern(value);
  if (key === 'examples') return Array.isArray(value) && !holdsReference(value);
  return (ASSERTIONS.has(key) || key === 'default') && !holdsReference(value);
};

const isPattern = (value: unknown): boolean => {
  try {
    return typeof value === 'string' && new RegExp(value, 'u') !== undefined;
  } catch {
    return false;
  }
};
const withUsableNames = (schemas: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(schemas).filter(([pattern]) => isPattern(pattern)));

/** Whoever resolves references in all of a document would take such a value for one, and fetch what it names. */
const holdsReference = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '$ref') || Object.values(value).some(holdsReference);
};
