/** What completion has to know of servers: names, arguments, and the values that a schema allows. */
import type { JsonObject, Prompt, Tool } from '../../protocol/types.ts';
import { alternatives, propertiesOf } from '../../schema/signature.ts';
import { safeLine } from '../safe-text.ts';

export interface KnownArgument {
  name: string;
  required?: true;
  /** All that it may be, where the schema says so. */
  values?: string[];
  about?: string;
}
export interface KnownEntry {
  name: string;
  arguments: KnownArgument[];
  /** The beginning of its description, in one line that can be shown. */
  about?: string;
}
export interface KnownServer {
  name: string;
  tools: KnownEntry[];
  prompts: KnownEntry[];
  /** URIs. */
  resources: string[];
  /** URI templates. */
  templates: string[];
}

const MOST_ARGUMENTS = 128;
const MOST_VALUES = 200;
/** Of a name or a value; nobody completes longer ones. */
export const LONGEST_TEXT = 512;

const MOST_ABOUT_COLUMNS = 72;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const valuesOf = (schema: unknown, root: JsonObject): string[] => {
  const found = alternatives(schema, root).flatMap((one): unknown[] => {
    if (Object.hasOwn(one, 'const')) return [one.const];
    if (Array.isArray(one.enum)) return one.enum;
    if (one.type === 'boolean') return [true, false];
    return one.type === 'array' && one.items !== undefined ? valuesOf(one.items, root) : [];
  });
  const texts = found.flatMap((value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? [])));
  return [...new Set(texts)].filter((text) => text.length <= LONGEST_TEXT).slice(0, MOST_VALUES);
};

const aboutIn = (described: unknown): { about?: string } => {
  const text = isObject(described) && typeof described.description === 'string' ? described.description : '';
  const about = safeLine(text.slice(0, LONGEST_TEXT).trim(), MOST_ABOUT_COLUMNS);
  return about === '' ? {} : { about };
};

export const knownTool = ({
  name,
  inputSchema,
  description,
}: Pick<Tool, 'name' | 'inputSchema' | 'description'>): KnownEntry => {
  const root = isObject(inputSchema) ? inputSchema : {};
  const { properties, required } = propertiesOf(root);
  return {
    name,
    ...aboutIn({ description }),
    arguments: properties
      .filter(([key]) => key.length <= LONGEST_TEXT)
      .slice(0, MOST_ARGUMENTS)
      .map(([key, schema]) => {
        const values = valuesOf(schema, root);
        return {
          name: key,
          ...(required.has(key) && { required: true }),
          ...(values.length > 0 && { values }),
          ...aboutIn(schema),
        };
      }),
  };
};

export const knownPrompt = ({
  name,
  description,
  arguments: given = [],
}: Pick<Prompt, 'name' | 'arguments' | 'description'>): KnownEntry => ({
  name,
  ...aboutIn({ description }),
  arguments: given.slice(0, MOST_ARGUMENTS).map((argument) => ({
    name: argument.name,
    ...(argument.required === true && { required: true }),
    ...aboutIn(argument),
  })),
});
