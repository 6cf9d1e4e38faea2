/** A tool as one line: `read(path: string, head?: number)`. */
import type { JsonObject, Tool } from '../protocol/types.ts';

const MAX_DEPTH = 3;
const MAX_CHOICES = 6;
const MAX_HOPS = 16;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A field that an object has itself; nothing that it inherits. */
const own = (value: unknown, key: string): unknown =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;

/** Follows local references (`#/$defs/…`) to the schema they mean; what cannot be followed allows anything. */
const dereference = (schema: unknown, root: JsonObject): JsonObject => {
  let current = schema;
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const reference = own(current, '$ref');
    if (typeof reference !== 'string') return isObject(current) ? current : {};
    if (reference !== '#' && !reference.startsWith('#/')) return {};
    let target: unknown = root;
    for (const step of reference.split('/').slice(1)) {
      target = own(target, step.replaceAll('~1', '/').replaceAll('~0', '~'));
    }
    current = target;
  }
  return {};
};

/** The schemas of which a value must fit one: the members of `anyOf` and `oneOf`, one per name in `type`. */
export const alternatives = (schema: unknown, root: JsonObject, depth = 0): JsonObject[] => {
  const here = dereference(schema, root);
  const { type } = here;
  const members = [here.anyOf, here.oneOf].find((list) => Array.isArray(list) && list.length > 0) as
    | unknown[]
    | undefined;
  if (members !== undefined && depth < MAX_DEPTH)
    return members.flatMap((member) => alternatives(member, root, depth + 1));
  if (Array.isArray(type)) return type.map((one) => ({ ...here, type: one }));
  const all = Array.isArray(here.allOf) && type === undefined ? here.allOf : [];
  if (all.length > 0 && depth < MAX_DEPTH) {
    const typed = all.map((member) => dereference(member, root)).find((member) => member.type ?? member.enum);
    if (typed !== undefined) return alternatives(typed, root, depth + 1);
  }
  return [here];
};

/** The properties of a tool's arguments, and which of them it needs. */
export const propertiesOf = (
  schema: JsonObject,
): { properties: [string, unknown][]; required: ReadonlySet<unknown> } => {
  const { properties, required } = dereference(schema, schema);
  return {
    properties: isObject(properties) ? Object.entries(properties) : [],
    required: new Set(Array.isArray(required) ? required : []),
  };
};

const nameOfType = (schema: JsonObject, root: JsonObject, depth: number): string => {
  if (Object.hasOwn(schema, 'const')) return JSON.stringify(schema.const) ?? 'any';
  if (Array.isArray(schema.enum)) {
    const shown = schema.enum.slice(0, MAX_CHOICES).map((choice) => JSON.stringify(choice) ?? 'any');
    return [...shown, ...(schema.enum.length > MAX_CHOICES ? ['…'] : [])].join(' | ');
  }
  if (schema.type === 'array' || (schema.type === undefined && schema.items !== undefined)) {
    if (schema.items === undefined || depth >= MAX_DEPTH) return 'array';
    const item = typeName(schema.items, root, depth + 1);
    return item.includes(' ') ? `(${item})[]` : `${item}[]`;
  }
  if (typeof schema.type === 'string') return schema.type;
  return isObject(schema.properties) ? 'object' : 'any';
};

/** The type of a value that fits the schema, for people. */
export const typeName = (schema: unknown, root: JsonObject, depth = 0): string => {
  const names = alternatives(schema, root).map((one) => nameOfType(one, root, depth));
  return [...new Set(names)].join(' | ') || 'any';
};

/** `tool(path: string, head?: number)`, required arguments first. Holds text of the server: pass it through `safeLine`. */
export const signature = ({ name, inputSchema }: Pick<Tool, 'name' | 'inputSchema'>): string => {
  const schema = isObject(inputSchema) ? inputSchema : {};
  const { properties, required } = propertiesOf(schema);
  const shown = ([key, value]: [string, unknown]): string =>
    `${key}${required.has(key) ? '' : '?'}: ${typeName(value, schema)}`;
  const first = properties.filter(([key]) => required.has(key));
  const then = properties.filter(([key]) => !required.has(key));
  return `${name}(${[...first, ...then].map(shown).join(', ')})`;
};
