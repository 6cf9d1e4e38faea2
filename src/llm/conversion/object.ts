/** Objects: which keys there are, which must be there, and what becomes of keys that are free. */
import type { JsonObject } from '../../protocol/types.ts';
import { isObject } from '../../schema/document.ts';
import { type Back, fits, fromEntries, fromProperties, type PropertyBack, type Written } from './back.ts';
import { asJsonText } from './leaf.ts';
import { isNever } from './merge.ts';
import type { Pen } from './pen.ts';
import type { Node } from './read.ts';

/** `done` where the object became something else. */
export const writeObject = (node: Node, given: Node, pen: Pen): Written & { done?: boolean } => {
  const properties = isObject(node.properties) ? node.properties : {};
  const others = node.additionalProperties ?? node.unevaluatedProperties;
  const free = !isNever(others);
  if (pen.rules.closed === true && free && Object.keys(properties).length === 0) {
    const map = writeMap(node, given, others, pen);
    if (map !== undefined) return map;
  }
  const out: Node = { ...given };
  const required = new Set(Array.isArray(node.required) ? (node.required as string[]) : []);
  const backs = new Map<string, PropertyBack>();
  const written: JsonObject = {};
  for (const [key, child] of Object.entries({ ...missing(required, properties, others, pen), ...properties })) {
    const { schema, back } = pen.write(child as Node);
    const optional = pen.rules.allRequired === true && !required.has(key);
    const nullIsAbsent =
      optional && !fits(child, null, { get: (name) => pen.source.definitions.get(name), step: pen.step });
    const needsNull =
      nullIsAbsent ||
      (optional && !fits(schema, null, { get: (name) => pen.definitions.get(name)?.schema, step: pen.step }));
    written[key] = needsNull ? withNull(schema) : schema;
    if (back !== undefined || nullIsAbsent) backs.set(key, { key, nullIsAbsent, back });
    if (optional) pen.note(node, 'required', 'require-all', 'none');
  }
  const keys = Object.keys(written);
  if (node.properties !== undefined || keys.length > 0 || pen.rules.closed === true) out.properties = written;
  if (pen.rules.allRequired === true) out.required = keys;
  else if (required.size > 0) out.required = [...required];
  let rest: Back | undefined;
  if (pen.rules.closed === true) {
    out.additionalProperties = false;
    const explicit = node.additionalProperties !== undefined || node.patternProperties !== undefined;
    if (free) pen.note(node, 'additionalProperties', 'close', explicit ? 'shape' : 'none');
  } else if (node.additionalProperties !== undefined) {
    if (!pen.keeps('additionalProperties')) pen.note(node, 'additionalProperties', 'drop', 'weaker');
    else rest = writeOthers(node, out, pen);
  }
  for (const keyword of ['patternProperties', 'dependentSchemas']) {
    const map = node[keyword];
    if (!isObject(map) || !pen.keeps(keyword)) continue;
    out[keyword] = Object.fromEntries(
      Object.entries(map).map(([key, child]) => [key, pen.write(child as Node).schema]),
    );
  }
  for (const keyword of ['propertyNames', 'unevaluatedProperties']) {
    const child = node[keyword];
    if (!isObject(child) || !pen.keeps(keyword)) continue;
    const schema = isNever(child) ? child : pen.write(child).schema;
    out[keyword] = isNever(schema) ? false : schema;
  }
  const changed = backs.size > 0 || rest !== undefined;
  return { schema: out, back: changed ? fromProperties(backs, rest) : undefined };
};

const writeOthers = (node: Node, out: Node, pen: Pen): Back | undefined => {
  const others = node.additionalProperties as Node;
  if (isNever(others) || Object.keys(others).length === 0) {
    out.additionalProperties = !isNever(others);
    return undefined;
  }
  const { schema, back } = pen.write(others);
  out.additionalProperties = isNever(schema) ? false : Object.keys(schema).length === 0 ? true : schema;
  return back;
};

/** Keys that must be there and are nowhere described, where a provider wants each to be. */
const missing = (required: Set<string>, properties: JsonObject, others: unknown, pen: Pen): JsonObject => {
  if (pen.rules.keywords === 'all') return {};
  const keys = [...required].filter((key) => !Object.hasOwn(properties, key));
  return Object.fromEntries(keys.map((key) => [key, isObject(others) && !isNever(others) ? others : {}]));
};

/** An object whose keys are all free, where every key must be named: a list of keys and values, or JSON in a string. */
const writeMap = (node: Node, given: Node, others: unknown, pen: Pen): (Written & { done: boolean }) | undefined => {
  const explicit = node.additionalProperties !== undefined || node.patternProperties !== undefined;
  const empty = isObject(node.properties);
  if (!explicit && empty) return undefined;
  if (node.patternProperties !== undefined || !isObject(others) || Object.keys(others).length === 0) {
    if (pen.rules.free !== 'json-text') return undefined;
    return { ...asJsonText(node, 'an object', pen), done: true };
  }
  pen.note(node, 'additionalProperties', 'entries', 'none');
  const { schema, back } = pen.write(others);
  const entry: Node = {
    type: 'object',
    properties: { key: { type: 'string' }, value: schema },
    required: ['key', 'value'],
    additionalProperties: false,
  };
  const { type: _, ...rest } = given;
  const list: Node = { type: 'array', ...rest, items: entry };
  for (const [from, to] of [
    ['minProperties', 'minItems'],
    ['maxProperties', 'maxItems'],
  ] as const) {
    if (list[from] !== undefined) list[to] = list[from];
    delete list[from];
  }
  return { schema: list, back: fromEntries(back), done: true };
};

/** A schema that takes null as well. */
const withNull = (schema: Node): Node => {
  if (
    schema.type !== undefined &&
    schema.const === undefined &&
    schema.anyOf === undefined &&
    schema.$ref === undefined
  ) {
    const type = [...([schema.type].flat() as string[]), 'null'];
    return { ...schema, type, ...(Array.isArray(schema.enum) && { enum: [...schema.enum, null] }) };
  }
  const { title, description, ...rest } = schema;
  const said = { ...(title !== undefined && { title }), ...(description !== undefined && { description }) };
  if (Array.isArray(rest.anyOf) && Object.keys(rest).length === 1) {
    return { ...said, anyOf: [...rest.anyOf, { type: 'null' }] };
  }
  return { ...said, anyOf: [rest, { type: 'null' }] };
};
