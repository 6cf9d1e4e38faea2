/** The keywords that make a statement about a value, and the form that each must have. */
import type { JsonObject } from '../protocol/types.ts';
import { isObject } from './document.ts';

const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'string', 'integer'];

const isType = (value: unknown): boolean => TYPES.includes(value as string);
const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isNames = (value: unknown): boolean => Array.isArray(value) && value.every((name) => typeof name === 'string');

interface Form {
  holds(value: unknown): boolean;
  wanted: string;
}
const type: Form = {
  holds: (value) => isType(value) || (Array.isArray(value) && value.length > 0 && value.every(isType)),
  wanted: `one or several of ${TYPES.join(', ')}`,
};
const number: Form = { holds: isNumber, wanted: 'a number' };
const positive: Form = { holds: (value) => isNumber(value) && (value as number) > 0, wanted: 'a number above 0' };
const count: Form = { holds: isCount, wanted: 'a whole number from 0' };
const names: Form = { holds: isNames, wanted: 'an array of strings' };
const flag: Form = { holds: (value) => typeof value === 'boolean', wanted: 'true or false' };
const text: Form = { holds: (value) => typeof value === 'string', wanted: 'a string' };
const values: Form = {
  holds: (value) => Array.isArray(value) && value.length > 0,
  wanted: 'an array with at least one value',
};
const namesByName: Form = {
  holds: (value) => isObject(value) && Object.values(value).every(isNames),
  wanted: 'an object of arrays of strings',
};

/** Every keyword here is checked; all others are annotations and change nothing. */
export const ASSERTIONS = new Map<string, Form>([
  ['type', type],
  ['enum', values],
  ['const', { holds: () => true, wanted: 'a value' }],
  ['minimum', number],
  ['maximum', number],
  ['exclusiveMinimum', number],
  ['exclusiveMaximum', number],
  ['multipleOf', positive],
  ['minLength', count],
  ['maxLength', count],
  ['minItems', count],
  ['maxItems', count],
  ['minProperties', count],
  ['maxProperties', count],
  ['minContains', count],
  ['maxContains', count],
  ['uniqueItems', flag],
  ['required', names],
  ['dependentRequired', namesByName],
  ['pattern', text],
]);

/** Rewrites what only older drafts or OpenAPI say into what 2020-12 says. Returns a copy. */
export const modernized = (node: JsonObject): JsonObject => {
  const copy: JsonObject = { ...node };
  exclusive(copy, 'minimum', 'exclusiveMinimum');
  exclusive(copy, 'maximum', 'exclusiveMaximum');
  if (Array.isArray(copy.items)) {
    copy.prefixItems ??= copy.items;
    copy.items = copy.additionalItems;
  }
  if (isObject(copy.dependencies)) {
    const entries = Object.entries(copy.dependencies);
    const lists = entries.filter(([, dependency]) => Array.isArray(dependency));
    const schemas = entries.filter(([, dependency]) => !Array.isArray(dependency));
    if (lists.length > 0) copy.dependentRequired ??= Object.fromEntries(lists);
    if (schemas.length > 0) copy.dependentSchemas ??= Object.fromEntries(schemas);
  }
  if (copy.nullable === true && copy.type !== undefined) copy.type = [copy.type, 'null'].flat();
  return copy;
};

const exclusive = (node: JsonObject, bound: string, keyword: string): void => {
  if (typeof node[keyword] !== 'boolean') return;
  const limit = node[keyword] ? node[bound] : undefined;
  if (limit !== undefined) delete node[bound];
  node[keyword] = limit;
};
