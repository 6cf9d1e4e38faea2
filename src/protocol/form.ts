/**
 * The forms of `elicitation/create`: a flat object of primitive values, the subset of JSON Schema that the specification
 * allows (2026-07-28 client/elicitation#requested-schema). Small enough to check by hand, with no engine and no pattern
 * that a server could make expensive. Keywords outside the subset are left to the server, which checks again.
 */
import type { Problem } from '../errors.ts';
import * as RPC from './rpc-codes.ts';
import { RpcFault } from './rpc-fault.ts';
import { isAbsent, isObject } from './shape.ts';
import type { ElicitResult, JsonObject } from './types.ts';

/** The most fields of one form. */
export const MAX_FIELDS = 64;
/** The most options of one choice. */
export const MAX_OPTIONS = 1_000;
/** The longest name of a field. In UTF-16 units. */
export const MAX_NAME = 256;
/** The longest text that a person is shown in one piece: messages, titles, descriptions, options. In UTF-16 units. */
export const MAX_TEXT = 16_384;

type Value = string | number | boolean | string[];
type Field = { fallback?: Value } & (
  | { kind: 'string'; minLength?: number; maxLength?: number; format?: string }
  | { kind: 'number'; whole: boolean; minimum?: number; maximum?: number }
  | { kind: 'boolean' }
  | { kind: 'choice'; options: ReadonlySet<string> }
  | { kind: 'choices'; options: ReadonlySet<string>; minItems?: number; maxItems?: number }
);

/** A checked form. Names come from the server, so they are keys of a `Map`. */
export interface Form {
  fields: ReadonlyMap<string, Field>;
  required: ReadonlySet<string>;
  /** The schema forbids values that it does not name. */
  closed: boolean;
}

/** The refusal of a request whose parameters are wrong. */
export const invalid = (message: string): RpcFault => new RpcFault(RPC.invalidParams, message);

/** A text that is shown to a person: a string, not beyond `most`. */
export const shownText = (value: unknown, name: string, most = MAX_TEXT): string => {
  if (typeof value !== 'string') throw invalid(`${name} is not a string`);
  if (value.length > most) throw invalid(`${name} has more than ${most} characters`);
  return value;
};

/** Reads a `requestedSchema`, or refuses it with −32602. */
export const readForm = (schema: unknown): Form => {
  if (!isObject(schema)) throw invalid('requestedSchema is not an object');
  if (schema.type !== 'object') throw invalid('requestedSchema.type is not "object"');
  if (!isObject(schema.properties)) throw invalid('requestedSchema.properties is not an object');
  const entries = Object.entries(schema.properties);
  if (entries.length > MAX_FIELDS) throw invalid(`requestedSchema has more than ${MAX_FIELDS} properties`);
  const fields = new Map<string, Field>();
  for (const [name, property] of entries) {
    shownText(name, 'the name of a property', MAX_NAME);
    fields.set(name, readField(property, `requestedSchema.properties[${JSON.stringify(name)}]`));
  }
  const required = isAbsent(schema.required) ? [] : schema.required;
  if (!Array.isArray(required) || !required.every((name) => fields.has(name))) {
    throw invalid('requestedSchema.required is not a list of its properties');
  }
  return { fields, required: new Set<string>(required), closed: schema.additionalProperties === false };
};

const readField = (property: unknown, at: string): Field => {
  if (!isObject(property)) throw invalid(`${at} is not an object`);
  for (const key of ['title', 'description']) {
    if (!isAbsent(property[key])) shownText(property[key], `${at}.${key}`);
  }
  if (!isAbsent(property.enumNames)) readOptions(property.enumNames, `${at}.enumNames`);
  const field = readKind(property, at);
  const fallback = property.default as Value;
  // A default that breaks its own schema is no answer that we could give in the user's name.
  return isAbsent(fallback) || valueProblem(field, fallback) !== undefined ? field : { ...field, fallback };
};

const readKind = (property: JsonObject, at: string): Field => {
  const bound = (key: string): number | undefined => {
    const value = property[key];
    if (isAbsent(value)) return undefined;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(`${at}.${key} is not a number`);
    return value;
  };
  switch (property.type) {
    case 'string': {
      const options = property.enum ?? property.oneOf;
      if (!isAbsent(options)) return { kind: 'choice', options: readOptions(options, at) };
      const format = typeof property.format === 'string' ? property.format : undefined;
      return { kind: 'string', minLength: bound('minLength'), maxLength: bound('maxLength'), format };
    }
    case 'number':
    case 'integer':
      return {
        kind: 'number',
        whole: property.type === 'integer',
        minimum: bound('minimum'),
        maximum: bound('maximum'),
      };
    case 'boolean':
      return { kind: 'boolean' };
    case 'array': {
      const items = isObject(property.items) ? property.items : {};
      const options = readOptions(items.enum ?? items.anyOf ?? items.oneOf, `${at}.items`);
      return { kind: 'choices', options, minItems: bound('minItems'), maxItems: bound('maxItems') };
    }
    default:
      throw invalid(`${at}.type is none of string, number, integer, boolean, array`);
  }
};

/** `["a"]`, or with titles `[{ const: "a", title: "A" }]`. */
const readOptions = (options: unknown, at: string): ReadonlySet<string> => {
  if (!Array.isArray(options) || options.length === 0) throw invalid(`${at} has no list of options`);
  if (options.length > MAX_OPTIONS) throw invalid(`${at} has more than ${MAX_OPTIONS} options`);
  return new Set(
    options.map((option: unknown) => {
      if (!isObject(option)) return shownText(option, `an option of ${at}`);
      if (!isAbsent(option.title)) shownText(option.title, `the title of an option of ${at}`);
      return shownText(option.const, `an option of ${at}`);
    }),
  );
};

/**
 * The user's answer with the schema's defaults in the places left open (SEP-1034), or what is wrong with it. Names and
 * constraints are the server's own, values are the user's: problems hold no value.
 */
export const fillForm = (
  { fields, required, closed }: Form,
  content: JsonObject,
): { content: NonNullable<ElicitResult['content']> } | { problems: Problem[] } => {
  const filled = new Map<string, Value>();
  const problems: Problem[] = [];
  const blame = (name: string, message: string): void => {
    problems.push({ path: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, message });
  };
  for (const [name, value] of Object.entries(content)) {
    if (value === undefined) continue;
    const field = fields.get(name);
    if (field === undefined && closed) blame(name, 'is not asked for');
    const problem = field === undefined ? looseProblem(value) : valueProblem(field, value);
    if (problem === undefined) filled.set(name, value as Value);
    else blame(name, problem);
  }
  for (const [name, { fallback }] of fields) {
    if (Object.hasOwn(content, name) && content[name] !== undefined) continue;
    if (fallback !== undefined) filled.set(name, fallback);
    else if (required.has(name)) blame(name, 'is required');
  }
  return problems.length > 0 ? { problems } : { content: Object.fromEntries(filled) };
};

const looseProblem = (value: unknown): string | undefined =>
  ['string', 'number', 'boolean'].includes(typeof value) || isTexts(value) ? undefined : 'is not a primitive value';

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

const valueProblem = (field: Field, value: unknown): string | undefined => {
  switch (field.kind) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'is not true or false';
    case 'choice':
      return typeof value === 'string' && field.options.has(value) ? undefined : 'is none of the options';
    case 'choices': {
      const { options, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = field;
      if (!isTexts(value) || !value.every((one) => options.has(one))) return 'is not a list of the options';
      if (value.length < minItems) return `has fewer than ${minItems} options`;
      return value.length > maxItems ? `has more than ${maxItems} options` : undefined;
    }
    case 'number': {
      const { whole, minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = field;
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'is not a number';
      if (whole && !Number.isInteger(value)) return 'is not a whole number';
      if (value < minimum) return `is less than ${minimum}`;
      return value > maximum ? `is more than ${maximum}` : undefined;
    }
    case 'string': {
      const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, format = '' } = field;
      if (typeof value !== 'string') return 'is not a string';
      // JSON Schema counts characters, not UTF-16 units.
      const length = minLength > 0 || value.length > maxLength ? [...value].length : value.length;
      if (length < minLength) return `has fewer than ${minLength} characters`;
      if (length > maxLength) return `has more than ${maxLength} characters`;
      return FORMATS.get(format)?.(value) === false ? `is no ${format}` : undefined;
    }
  }
};

const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) &&
  !Number.isNaN(Date.parse(text)) &&
  new Date(Date.parse(text)).toISOString().startsWith(text);

const isUri = (text: string): boolean => {
  try {
    return new URL(text).href !== '';
  } catch {
    return false;
  }
};

/** Loose: enough to catch a slip of the user before the server does. */
const FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['email', (text: string) => /^[^\s@]+@[^\s@]+$/.test(text)],
  ['uri', isUri],
  ['date', isDate],
  [
    'date-time',
    (text: string) => /^.{10}[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text) && isDate(text.slice(0, 10)),
  ],
]);
