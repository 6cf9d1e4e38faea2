/**
 * Tools of the modern era that want some of their arguments repeated in headers: which ones, and whether they say so by
 * the rules. Loaded with the first tool that does.
 * Source: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#request-metadata
 */
import type { JsonObject, Tool } from '../protocol/types.ts';

const ANNOTATION = 'x-mcp-header';
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

interface Annotation {
  /** The chain of property names that leads to the value. */
  path: string[];
  header: string;
}

/** The annotations of a schema, or the reason why they make its tool unusable. */
type Plan = readonly Annotation[] | string;

/** Schemas are objects of one list answer, so what was found out about one lives exactly as long as it does. */
const plans = new WeakMap<JsonObject, Plan>();

const planOf = (inputSchema: JsonObject): Plan => {
  let plan = plans.get(inputSchema);
  if (plan === undefined) {
    plan = readAnnotations(inputSchema);
    plans.set(inputSchema, plan);
  }
  return plan;
};

/**
 * The `Mcp-Param-*` headers of a call, each made safe by `encode`. An argument that is absent or null gives none; neither does one of a type that
 * its header cannot carry, which the server will refuse by its schema.
 */
export const paramHeaders = (
  inputSchema: JsonObject,
  args: unknown,
  encode: (value: string) => string,
): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const { header, text } of mirroredArguments(inputSchema, args)) {
    if (text !== undefined) headers[header] = encode(text);
  }
  return headers;
};

/** An argument that a tool wants repeated in a header. `text` is absent where there is none to repeat. */
export interface MirroredArgument {
  header: string;
  value: unknown;
  text: string | undefined;
}

/** The arguments that a tool wants repeated in headers; none where its annotations break the rules. */
export const mirroredArguments = (inputSchema: JsonObject, args: unknown): MirroredArgument[] => {
  const plan = planOf(inputSchema);
  if (typeof plan === 'string') return [];
  return plan.map(({ path, header }) => {
    const value = valueAt(args, path);
    return { header, value, text: textOf(value) };
  });
};

const valueAt = (args: unknown, path: string[]): unknown => {
  let value: unknown = args;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
};

const textOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' || Number.isSafeInteger(value) ? String(value) : undefined;
};

/** Why a tool must not be listed or called over HTTP because of its `x-mcp-header` annotations; undefined when it may. */
export const checkHeaderAnnotations = (tool: Tool): string | undefined => {
  if (!isObject(tool.inputSchema)) return undefined;
  const plan = planOf(tool.inputSchema);
  return typeof plan === 'string' ? plan : undefined;
};

/** Leaves tools out of a list whose annotations break the rules: they must not be offered (2026-07-28 server/tools). */
export const dropUnusable = (list: { items: Tool[]; dropped: string[] }): void => {
  list.items = list.items.filter((tool) => {
    const reason = checkHeaderAnnotations(tool);
    if (reason !== undefined) list.dropped.push(`tool ${tool.name}: ${reason}`);
    return reason === undefined;
  });
};

/** Schemas nested deeper than this are not searched; such a tool is refused. The limit of `schema/` is lower. */
const MAX_DEPTH = 64;

/** Keywords under which plain values stand, not schemas: an annotation's name in there is somebody's data. */
const DATA_KEYWORDS = new Set(['const', 'default', 'enum', 'examples', 'example', 'required', 'dependentRequired']);
/** Keywords whose value maps chosen names to schemas. */
const NAMED_SCHEMAS = new Set(['$defs', 'definitions', 'patternProperties', 'dependentSchemas', 'dependencies']);

const readAnnotations = (root: JsonObject): Plan => {
  const found: Annotation[] = [];
  const taken = new Map<string, string>();

  const admit = (schema: JsonObject, path: string[] | undefined): string | undefined => {
    const header = schema[ANNOTATION];
    if (path === undefined || path.length === 0) {
      return `${ANNOTATION} stands where no chain of properties leads to`;
    }
    const where = `property ${JSON.stringify(path.join('.'))}`;
    if (typeof header !== 'string' || !TOKEN.test(header)) return `${where}: ${ANNOTATION} is no HTTP token`;
    const { type } = schema;
    if (type !== 'string' && type !== 'integer' && type !== 'boolean') {
      return `${where}: ${ANNOTATION} is for string, integer and boolean only`;
    }
    const before = taken.get(header.toLowerCase());
    if (before !== undefined) return `${where}: ${ANNOTATION} ${JSON.stringify(header)} is also that of ${before}`;
    taken.set(header.toLowerCase(), where);
    found.push({ path, header: `Mcp-Param-${header}` });
    return undefined;
  };

  /** `path` is undefined below anything but `properties`. */
  const walk = (schema: unknown, path: string[] | undefined, depth: number): string | undefined => {
    if (Array.isArray(schema)) return first(schema, (item) => walk(item, undefined, depth + 1));
    if (!isObject(schema)) return undefined;
    if (depth > MAX_DEPTH) return `the schema is nested deeper than ${MAX_DEPTH} levels`;
    if (Object.hasOwn(schema, ANNOTATION)) {
      const reason = admit(schema, path);
      if (reason !== undefined) return reason;
    }
    return first(Object.entries(schema), ([keyword, value]) => {
      if (DATA_KEYWORDS.has(keyword)) return undefined;
      if (keyword === 'properties' && isObject(value)) {
        return first(Object.entries(value), ([name, child]) =>
          walk(child, path === undefined ? undefined : [...path, name], depth + 1),
        );
      }
      if (NAMED_SCHEMAS.has(keyword) && isObject(value)) {
        return first(Object.values(value), (child) => walk(child, undefined, depth + 1));
      }
      return walk(value, undefined, depth + 1);
    });
  };

  return walk(root, [], 0) ?? found;
};

const first = <T>(items: Iterable<T>, reasonFor: (item: T) => string | undefined): string | undefined => {
  for (const item of items) {
    const reason = reasonFor(item);
    if (reason !== undefined) return reason;
  }
  return undefined;
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
