/** One JSON Schema as TypeScript. What TypeScript cannot say is left out: the type then allows more than the schema. */
import { createReferences, type Target } from './references.ts';
import { docComment, propertyName, stringLiteral, typeName } from './source.ts';

/** Deeper than this, wider than this, longer than this, anything is allowed. */
const MAX_DEPTH = 48;
const MAX_MEMBERS = 500;
const MAX_CHARACTERS = 150_000;
const MAX_TUPLE = 64;

type JsonSchema = Record<string, unknown>;
/** A type, and how tightly it holds together. */
interface Type {
  text: string;
  kind: 'atom' | 'union' | 'intersection';
}
/** Where a type stands: how deep, and of which alias it is part with no object or array between. */
interface Place {
  depth: number;
  indent: string;
  within: string | undefined;
}

const atom = (text: string): Type => ({ text, kind: 'atom' });
const UNKNOWN = atom('unknown');
const NEVER = atom('never');
const NULL = atom('null');

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value.slice(0, MAX_MEMBERS) : []);
const distinct = (types: readonly Type[]): Type[] => [...new Map(types.map((type) => [type.text, type])).values()];

const unionOf = (types: readonly Type[]): Type => {
  const members = distinct(types).filter((type) => type !== NEVER);
  if (members.some((type) => type.text === 'unknown')) return UNKNOWN;
  const [first = NEVER] = members;
  return members.length < 2 ? first : { text: members.map(({ text }) => text).join(' | '), kind: 'union' };
};
const intersectionOf = (types: readonly Type[]): Type => {
  const members = distinct(types).filter((type) => type.text !== 'unknown');
  const [first = UNKNOWN] = members;
  if (members.length < 2) return first;
  return {
    text: members.map(({ text, kind }) => (kind === 'union' ? `(${text})` : text)).join(' & '),
    kind: 'intersection',
  };
};
const arrayOf = ({ text, kind }: Type): Type => atom(kind === 'atom' ? `${text}[]` : `(${text})[]`);

export interface Emitted {
  /** The type itself, on one line or more; nothing follows it. */
  type: string;
  /** What it needs beside itself, each a whole declaration. */
  declarations: string[];
}

export interface EmitOptions {
  /** What schemas say of themselves, as comments. Default true. */
  comments?: boolean;
  /** What is declared beside the type is exported. Default true. */
  exported?: boolean;
}

/** The type of a schema. `name` begins the names of what is declared beside it; `unique` makes them so. */
export const emitType = (
  schema: unknown,
  name: string,
  unique: (wanted: string) => string,
  { comments = true, exported = true }: EmitOptions = {},
): Emitted => {
  const references = createReferences(schema);
  const aliases = new Map<string, string>();
  const waiting: (Target & { alias: string })[] = [];
  const declarations: string[] = [];
  let characters = 0;

  const aliasOf = (target: Target): string => {
    const known = aliases.get(target.pointer);
    if (known !== undefined) return known;
    const last = target.pointer.split('/').at(-1) ?? '';
    const alias = unique(`${name}${typeName(target.pointer === '' ? 'Root' : last)}`);
    aliases.set(target.pointer, alias);
    waiting.push({ ...target, alias });
    return alias;
  };

  const commentOf = (value: unknown, indent: string): string =>
    comments && isObject(value) ? docComment(value.description ?? value.title, indent) : '';

  const referenceOf = (reference: unknown, { within }: Place): Type => {
    const target = references.resolve(reference);
    if (target === undefined) return UNKNOWN;
    if (typeof target.schema === 'boolean') return target.schema ? UNKNOWN : NEVER;
    // A type may hold itself in an object or an array, and not be itself.
    if (within !== undefined && references.isWithin(within, target)) return UNKNOWN;
    if (references.isWithin(target.pointer, { pointer: `${target.pointer}\0`, schema: target.schema })) return UNKNOWN;
    return atom(aliasOf(target));
  };

  const typeOf = (value: unknown, place: Place): Type => {
    if (value === false) return NEVER;
    if (!isObject(value) || place.depth > MAX_DEPTH || characters > MAX_CHARACTERS) return UNKNOWN;
    const parts = [
      ...[value.$ref, value.$dynamicRef].filter((ref) => ref !== undefined).map((ref) => referenceOf(ref, place)),
      ownTypeOf(value, place),
      ...[value.anyOf, value.oneOf]
        .map(listOf)
        .filter((members) => members.length > 0)
        .map((members) => unionOf(members.map((member) => typeOf(member, { ...place, depth: place.depth + 1 })))),
      ...listOf(value.allOf).map((member) => typeOf(member, { ...place, depth: place.depth + 1 })),
    ];
    const type = parts.includes(NEVER) ? NEVER : intersectionOf(parts);
    characters += type.text.length;
    return value.nullable === true ? unionOf([type, NULL]) : type;
  };

  /** What the schema says by itself, without what it refers to or combines. */
  const ownTypeOf = (value: JsonSchema, place: Place): Type => {
    if (Object.hasOwn(value, 'const')) return literalOf(value.const, place.depth);
    if (Array.isArray(value.enum)) return unionOf(listOf(value.enum).map((one) => literalOf(one, place.depth)));
    const { type } = value;
    if (Array.isArray(type)) return unionOf(listOf(type).map((one) => namedType(one, value, place)));
    return namedType(type ?? impliedType(value), value, place);
  };

  const namedType = (type: unknown, value: JsonSchema, place: Place): Type => {
    switch (type) {
      case 'string':
      case 'boolean':
      case 'null':
        return type === 'null' ? NULL : atom(type);
      case 'number':
      case 'integer':
        return atom('number');
      case 'array':
        return listType(value, { ...place, depth: place.depth + 1, within: undefined });
      case 'object':
        return objectType(value, { ...place, depth: place.depth + 1, within: undefined });
      default:
        return UNKNOWN;
    }
  };

  const listType = (value: JsonSchema, place: Place): Type => {
    const legacy = Array.isArray(value.items);
    const first = listOf(legacy ? value.items : value.prefixItems).slice(0, MAX_TUPLE);
    const rest = legacy ? value.additionalItems : value.items;
    if (first.length === 0) return rest === false ? atom('[]') : arrayOf(typeOf(rest, place));
    const least = typeof value.minItems === 'number' ? value.minItems : 0;
    const closed = rest === false || (typeof value.maxItems === 'number' && value.maxItems <= first.length);
    const members = first.map((member, at) => {
      const { text, kind } = typeOf(member, place);
      if (at < least) return text;
      return kind === 'atom' ? `${text}?` : `(${text})?`;
    });
    if (!closed) members.push(`...${arrayOf(typeOf(rest, place)).text}`);
    return atom(`[${members.join(', ')}]`);
  };

  const objectType = (value: JsonSchema, place: Place): Type => {
    const inner = { ...place, indent: `${place.indent}  ` };
    const properties = isObject(value.properties) ? Object.entries(value.properties).slice(0, MAX_MEMBERS) : [];
    const required = new Set(listOf(value.required).filter((key) => typeof key === 'string'));
    // `delete` tells whether it was there; what is left is required and not described.
    const lines = properties.map(([key, schema]) => property(key, schema, required.delete(key), inner));
    for (const key of required) lines.push(`${inner.indent}${propertyName(key)}: unknown;\n`);
    const others = indexType(value, lines.length > 0, inner);
    if (others !== undefined) lines.push(`${inner.indent}[key: string]: ${others.text};\n`);
    return atom(lines.length === 0 ? '{ [key: string]: unknown }' : `{\n${lines.join('')}${place.indent}}`);
  };
  const property = (key: string, schema: unknown, needed: boolean, place: Place): string => {
    const comment = commentOf(schema, place.indent);
    return `${comment}${place.indent}${propertyName(key)}${needed ? '' : '?'}: ${typeOf(schema, place).text};\n`;
  };
  /** What other properties are; undefined where the schema says nothing of them, so that a slip of the pen is an error. */
  const indexType = (value: JsonSchema, beside: boolean, place: Place): Type | undefined => {
    const patterns = isObject(value.patternProperties) ? Object.values(value.patternProperties) : [];
    const { additionalProperties: others } = value;
    if (others === undefined && patterns.length === 0) return undefined;
    if (others === false && patterns.length === 0) return beside ? undefined : NEVER;
    // TypeScript wants every named property to fit the index as well.
    if (beside) return UNKNOWN;
    const known = patterns.slice(0, MAX_TUPLE).map((pattern) => typeOf(pattern, place));
    return unionOf(others === false ? known : [...known, typeOf(others, place)]);
  };

  const type = typeOf(schema, { depth: 0, indent: '', within: undefined }).text;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const comment = commentOf(next.schema, '');
    const { text } = typeOf(next.schema, { depth: 0, indent: '', within: next.pointer });
    declarations.push(`${comment}${exported ? 'export ' : ''}type ${next.alias} = ${text};\n`);
  }
  return { type, declarations };
};

const impliedType = (value: JsonSchema): string | undefined => {
  const has = (...keys: string[]): boolean => keys.some((key) => Object.hasOwn(value, key));
  if (has('properties', 'required', 'additionalProperties', 'patternProperties')) return 'object';
  return has('items', 'prefixItems') ? 'array' : undefined;
};

/** The type that has this one value. */
const literalOf = (value: unknown, depth: number): Type => {
  if (value === null) return NULL;
  if (typeof value === 'string') return atom(stringLiteral(value));
  if (typeof value === 'boolean') return atom(String(value));
  if (typeof value === 'number') return atom(Number.isFinite(value) ? String(value) : 'number');
  if (depth > MAX_DEPTH) return UNKNOWN;
  if (Array.isArray(value)) {
    return atom(
      `[${value
        .slice(0, MAX_TUPLE)
        .map((each) => literalOf(each, depth + 1).text)
        .join(', ')}]`,
    );
  }
  if (!isObject(value)) return UNKNOWN;
  const members = Object.entries(value).slice(0, MAX_MEMBERS);
  return atom(
    `{ ${members.map(([key, each]) => `${propertyName(key)}: ${literalOf(each, depth + 1).text}`).join('; ')} }`,
  );
};
