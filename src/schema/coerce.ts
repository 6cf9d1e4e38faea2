/** Text from a command line or a request, turned into the value that a schema asks for. */
import type { JsonObject } from '../protocol/types.ts';
import { alternatives, typeName } from './signature.ts';

/** The value, or what the text would have to be. */
export type Coerced = { ok: true; value: unknown } | { ok: false; expected: string };

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

const parsed = (text: string): { value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
};

const fits = (value: unknown): Coerced => ({ ok: true, value });
const asOneOf = (text: string, choices: unknown[]): Coerced | undefined => {
  const found = choices.findIndex(
    (choice) => choice === text || (typeof choice !== 'string' && JSON.stringify(choice) === text),
  );
  return found === -1 ? undefined : fits(choices[found]);
};

const asNumber = (text: string, whole: boolean): Coerced | undefined => {
  if (!NUMBER.test(text)) return undefined;
  const value = Number(text);
  const exact = Number.isSafeInteger(value) || (!whole && !/^[+-]?\d{16,}$/.test(text));
  return exact && Number.isFinite(value) ? fits(value) : undefined;
};

const asList = (texts: readonly string[], schema: JsonObject, root: JsonObject): Coerced | undefined => {
  const [only = ''] = texts;
  const whole = texts.length === 1 && only.trimStart().startsWith('[') ? parsed(only)?.value : undefined;
  if (Array.isArray(whole)) return fits(whole);
  const items: unknown[] = [];
  for (const text of texts) {
    const item = coerce([text], schema.items ?? {}, root);
    if (!item.ok) return undefined;
    items.push(item.value);
  }
  return fits(items);
};

/** The value of the texts under one schema without alternatives; none when they do not fit. */
const asType = (texts: readonly string[], schema: JsonObject, root: JsonObject): Coerced | undefined => {
  const type = schema.type ?? (schema.items === undefined ? schema.properties && 'object' : 'array');
  if (type === 'array') return asList(texts, schema, root);
  const [text, ...more] = texts;
  if (text === undefined || more.length > 0) return undefined;
  if (Object.hasOwn(schema, 'const')) return asOneOf(text, [schema.const]);
  if (Array.isArray(schema.enum)) return asOneOf(text, schema.enum);
  switch (type) {
    case 'number':
    case 'integer':
      return asNumber(text, type === 'integer');
    case 'boolean':
      return asOneOf(text, [true, false]);
    case 'null':
      return asOneOf(text, [null]);
    case 'object': {
      const value = parsed(text)?.value;
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? fits(value) : undefined;
    }
    default:
      return fits(text);
  }
};

/**
 * Turns the texts given for one argument into its value: the first type of the schema that fits. A list comes from
 * several texts, from one JSON list, or is a list of one. Where the schema does not say, a text stays a text.
 */
export const coerce = (texts: readonly string[], schema: unknown, root: JsonObject): Coerced => {
  for (const alternative of alternatives(schema, root)) {
    const value = asType(texts, alternative, root);
    if (value !== undefined) return value;
  }
  return { ok: false, expected: typeName(schema, root) };
};
