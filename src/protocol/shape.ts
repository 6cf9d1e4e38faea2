/**
 * Finds what is wrong with a piece of what a server sent. A finder gives `undefined` for a sound value and else the rest
 * of a sentence that begins with the path of the piece (`.text is not a string`). None copies, recurses or throws, so the
 * sound case costs a few comparisons. A content block, or the contents of a resource, may have `null` where a field is optional.
 */
import type { JsonObject } from './types.ts';
import { isObject } from './wire.ts';

export { isObject } from './wire.ts';

/** True where an optional field is not given. Servers in languages without `undefined` write `null`. */
export const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;

export type FieldType = 'string' | 'number' | 'object' | 'array';
export type Fields = readonly (readonly [key: string, type: FieldType])[];

const fits = (value: unknown, type: FieldType): boolean => {
  if (type === 'object') return isObject(value);
  if (type === 'array') return Array.isArray(value);
  return typeof value === type && (type !== 'number' || Number.isFinite(value));
};
const NAMES = { string: 'a string', number: 'a number', object: 'an object', array: 'an array' } as const;

/** Required fields of `value`; with `optional`, those may also be absent. */
export const fieldsProblem = (value: JsonObject, required: Fields, optional: Fields = []): string | undefined => {
  for (const [key, type] of required) if (!fits(value[key], type)) return `.${key} is not ${NAMES[type]}`;
  for (const [key, type] of optional) {
    if (!isAbsent(value[key]) && !fits(value[key], type)) return `.${key} is not ${NAMES[type]}`;
  }
  return undefined;
};

/** The same object, or a copy without those of the optional fields that are `null`. */
export const withoutNulls = (value: JsonObject, optional: Fields): JsonObject => {
  if (!optional.some(([key]) => value[key] === null)) return value;
  const nulls = new Set(optional.map(([key]) => key).filter((key) => value[key] === null));
  return Object.fromEntries(Object.entries(value).filter(([key]) => !nulls.has(key)));
};

const notesProblem = (block: JsonObject): string | undefined => {
  const { annotations, _meta: meta } = block;
  if (!isAbsent(meta) && !isObject(meta)) return '._meta is not an object';
  if (isAbsent(annotations)) return undefined;
  if (!isObject(annotations)) return '.annotations is not an object';
  if (isAbsent(annotations.audience) || Array.isArray(annotations.audience)) return undefined;
  return '.annotations.audience is not an array';
};

/** One content block. Types that are not known are kept, as long as they have a name. */
export const blockProblem = (block: unknown): string | undefined => {
  if (!isObject(block)) return ' is not an object';
  switch (block.type) {
    case 'text':
      if (typeof block.text !== 'string') return '.text is not a string';
      break;
    case 'image':
    case 'audio':
      if (typeof block.data !== 'string') return '.data is not a string';
      if (typeof block.mimeType !== 'string') return '.mimeType is not a string';
      break;
    case 'resource': {
      const problem = contentsProblem(block.resource);
      if (problem !== undefined) return `.resource${problem}`;
      break;
    }
    case 'resource_link':
      if (typeof block.uri !== 'string') return '.uri is not a string';
      if (typeof block.name !== 'string') return '.name is not a string';
      break;
    default:
      if (typeof block.type !== 'string') return '.type is not a string';
  }
  return block.annotations === undefined && block._meta === undefined ? undefined : notesProblem(block);
};

const CONTENTS: Fields = [['uri', 'string']];
export const CONTENTS_OPTIONAL: Fields = [
  ['mimeType', 'string'],
  ['text', 'string'],
  ['blob', 'string'],
  ['_meta', 'object'],
];

/** The contents of one resource: `text` or `blob`. */
export const contentsProblem = (contents: unknown): string | undefined => {
  if (!isObject(contents)) return ' is not an object';
  const problem = fieldsProblem(contents, CONTENTS, CONTENTS_OPTIONAL);
  if (problem !== undefined) return problem;
  return isAbsent(contents.text) && isAbsent(contents.blob) ? ' has neither text nor blob' : undefined;
};

const NAME: Fields = [['name', 'string']];
const DISPLAY: Fields = [
  ['title', 'string'],
  ['description', 'string'],
  ['icons', 'array'],
  ['_meta', 'object'],
];
const FILE: Fields = [...DISPLAY, ['mimeType', 'string'], ['annotations', 'object']];

const argumentsProblem = (prompt: JsonObject): string | undefined => {
  if (isAbsent(prompt.arguments)) return undefined;
  const index = (prompt.arguments as unknown[]).findIndex(
    (argument) => !isObject(argument) || typeof argument.name !== 'string',
  );
  return index < 0 ? undefined : `.arguments[${index}].name is not a string`;
};

interface ItemShape {
  /** The field that tells the entry from the others. */
  key: string;
  required: Fields;
  optional: Fields;
  further?: (item: JsonObject) => string | undefined;
}

/** What an entry of each list must and may have. `inputSchema` needs no `type`: real servers leave it out. */
export const ITEMS = {
  tools: {
    key: 'name',
    required: [...NAME, ['inputSchema', 'object']],
    optional: [...DISPLAY, ['outputSchema', 'object'], ['annotations', 'object'], ['execution', 'object']],
  },
  resources: { key: 'uri', required: [...NAME, ['uri', 'string']], optional: [...FILE, ['size', 'number']] },
  resourceTemplates: { key: 'uriTemplate', required: [...NAME, ['uriTemplate', 'string']], optional: FILE },
  prompts: { key: 'name', required: NAME, optional: [...DISPLAY, ['arguments', 'array']], further: argumentsProblem },
} as const satisfies Record<string, ItemShape>;

/** One entry of a list. */
export const itemProblem = (item: unknown, shape: ItemShape): string | undefined => {
  if (!isObject(item)) return ' is not an object';
  const problem = fieldsProblem(item, shape.required, shape.optional) ?? shape.further?.(item);
  return problem === undefined && item[shape.key] === '' ? `.${shape.key} is empty` : problem;
};
