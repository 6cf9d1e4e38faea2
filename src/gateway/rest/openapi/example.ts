/** An example of what fits a schema, as good as can be told without trying. */
import type { JsonObject } from '../../../protocol/types.ts';

/** Levels that an example has at most. */
const MAX_DEPTH = 4;
/** Properties of one object in an example, where none is required. */
const MAX_OPTIONAL = 3;

const BY_FORMAT: Readonly<Record<string, string>> = {
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  time: '12:00:00Z',
  email: 'ann@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
};

/** `components` are those that the schema refers to. */
export const exampleOf = (schema: unknown, components: Readonly<Record<string, JsonObject>>, depth = 0): unknown => {
  if (typeof schema !== 'object' || schema === null) return null;
  const { $ref, examples, default: preset, enum: choices, anyOf, oneOf, allOf, type, ...rest } = schema as JsonObject;
  if (Object.hasOwn(schema, 'const')) return rest.const;
  if (Array.isArray(examples) && examples.length > 0) return examples[0];
  if (preset !== undefined) return preset;
  if (Array.isArray(choices)) return choices[0];
  if (depth > MAX_DEPTH) return null;
  if (typeof $ref === 'string')
    return exampleOf(components[$ref.slice($ref.lastIndexOf('/') + 1)], components, depth + 1);
  const [other] = [anyOf, oneOf, allOf].flatMap((list) => (Array.isArray(list) ? list : []));
  const kind = Array.isArray(type) ? type[0] : type;
  if (other !== undefined && kind === undefined && rest.properties === undefined)
    return exampleOf(other, components, depth + 1);
  switch (kind ?? (rest.properties === undefined ? undefined : 'object')) {
    case 'object':
      return objectOf(rest, components, depth);
    case 'array':
      return typeof rest.items === 'object' ? [exampleOf(rest.items, components, depth + 1)] : [];
    case 'string':
      return BY_FORMAT[String(rest.format)] ?? 'text'.padEnd(Math.min(Number(rest.minLength) || 0, 64), '.');
    case 'integer':
    case 'number':
      return Number(rest.minimum ?? rest.maximum ?? 1);
    case 'boolean':
      return true;
    default:
      return null;
  }
};

const objectOf = (schema: JsonObject, components: Readonly<Record<string, JsonObject>>, depth: number): JsonObject => {
  const properties = Object.entries((schema.properties ?? {}) as JsonObject);
  const required = Array.isArray(schema.required) ? schema.required : [];
  const wanted = properties.filter(([key]) => required.includes(key));
  const shown = wanted.length > 0 ? wanted : properties.slice(0, MAX_OPTIONAL);
  return Object.fromEntries(shown.map(([key, child]) => [key, exampleOf(child, components, depth + 1)]));
};
