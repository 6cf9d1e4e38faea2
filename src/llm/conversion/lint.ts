/**
 * Finds what a provider would refuse in a definition. Reads the same profiles as the rewriting and shares no code with
 * it, so that each is a check of the other.
 */
import type { JsonObject } from '../../protocol/types.ts';
import type { LintCode, Profile } from '../profiles/profile.ts';
import { lintNode, pointed } from './lint-node.ts';
import type { Finding } from './types.ts';

/** Findings that are told of one definition, the characters of one and of its path, and parts of one schema that are looked at. */
const MAX_FINDINGS = 50;
const MAX_MESSAGE = 300;
const MAX_PATH = 1_000;
const MAX_PARTS = 50_000;

/** A definition as it would be sent. */
export interface LintedTool {
  name: string;
  description?: string;
  inputSchema: unknown;
}

interface Task {
  schema: unknown;
  path: string;
  /** Levels of properties above it. */
  level: number;
}

/** What `profile` says is refused in a tool's definition; empty where nothing is. Never throws. */
export const lint = (profile: Profile, { name, description, inputSchema }: LintedTool): Finding[] => {
  const findings: Finding[] = [];
  const find = (code: LintCode, path: string, message: string): void => {
    if (findings.length < MAX_FINDINGS)
      findings.push({ code, path: cut(path, MAX_PATH), message: cut(message, MAX_MESSAGE) });
  };
  lintName(profile, name, find);
  const most = profile.descriptionChars;
  if (most !== undefined && (description ?? '').length > most) {
    find('description_length', 'description', `has ${description?.length} characters, ${most} are taken`);
  }
  if (typeof inputSchema !== 'object' || inputSchema === null || Array.isArray(inputSchema)) {
    find('malformed', '', 'the schema is no object');
    return findings;
  }
  lintRoot(profile, inputSchema as JsonObject, find);
  const sums: Record<string, number> = { properties: 0, enumValues: 0, chars: 0, depth: 0, optional: 0, unions: 0 };
  const tasks: Task[] = [{ schema: inputSchema, path: '', level: 0 }];
  const seen = new Set<unknown>();
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if (seen.size > MAX_PARTS) {
      find('too_large', '', `the schema has more than ${MAX_PARTS} parts`);
      break;
    }
    const { schema, path, level } = task;
    if (typeof schema === 'boolean') continue;
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
      find('malformed', path, 'is no schema');
      continue;
    }
    if (seen.has(schema)) continue;
    seen.add(schema);
    lintNode(schema as JsonObject, { path, root: inputSchema as JsonObject, rules: profile.schema, find });
    addUp(schema as JsonObject, level, sums);
    for (const part of partsOf(schema as JsonObject, path, level, find)) tasks.push(part);
  }
  if (profile.schema.recursion === false && isRecursive(inputSchema as JsonObject)) {
    find('reference', '', 'the schema refers to itself');
  }
  for (const [key, limit] of Object.entries({ ...profile.limits, ...profile.strict?.budget })) {
    if ((sums[key] ?? 0) > limit)
      find(key === 'depth' ? 'too_deep' : 'too_large', '', `${key}: ${sums[key]} of ${limit}`);
  }
  return findings;
};

type Find = (code: LintCode, path: string, message: string) => void;

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);
/** A key as it stands in a JSON Pointer. */
const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

const lintName = ({ name: rules }: Profile, name: string, find: Find): void => {
  if (name.length > rules.max) find('name', 'name', `has ${name.length} characters, ${rules.max} are taken`);
  else if (!new RegExp(`^(?:${rules.pattern})$`).test(name)) find('name', 'name', `does not match ${rules.pattern}`);
  if (rules.reserved?.includes(name)) find('name_reserved', 'name', "is the name of one of the provider's own tools");
};

const lintRoot = ({ schema: rules, propertyKey }: Profile, root: JsonObject, find: Find): void => {
  if (root.type !== 'object') find('root_type', '', 'the root is not of type object');
  const { properties } = root;
  const isNamed = typeof properties === 'object' && properties !== null;
  if (!isNamed && rules.propertiesNeeded !== false) find('root_properties', '', 'the root has no properties');
  for (const keyword of rules.rootForbids) {
    if (Object.hasOwn(root, keyword)) find('root_keyword', `/${keyword}`, 'may not stand at the root');
  }
  if (propertyKey === undefined || !isNamed) return;
  const expression = new RegExp(`^(?:${propertyKey})$`);
  for (const key of Object.keys(properties)) {
    if (!expression.test(key)) find('property_key', `/properties/${escaped(key)}`, `does not match ${propertyKey}`);
  }
};

const MAPS = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'];
const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'];
const SINGLES = ['items', 'additionalProperties', 'additionalItems', 'unevaluatedProperties', 'unevaluatedItems'];
const OTHERS = ['propertyNames', 'contains', 'not', 'if', 'then', 'else', 'contentSchema'];

const partsOf = (schema: JsonObject, path: string, level: number, find: Find): Task[] => {
  const parts: Task[] = [];
  for (const keyword of Object.keys(schema)) {
    const value = schema[keyword];
    const place = `${path}/${keyword}`;
    if (MAPS.includes(keyword)) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) find('malformed', place, 'is no object');
      else {
        const below = keyword === 'properties' ? level + 1 : keyword === '$defs' ? 0 : level;
        for (const key of Object.keys(value)) {
          parts.push({ schema: (value as JsonObject)[key], path: `${place}/${escaped(key)}`, level: below });
        }
      }
    } else if (LISTS.includes(keyword)) {
      if (!Array.isArray(value) || value.length === 0) find('malformed', place, 'is no list of schemas');
      else for (const [at, part] of value.entries()) parts.push({ schema: part, path: `${place}/${at}`, level });
    } else if (SINGLES.includes(keyword) || OTHERS.includes(keyword)) parts.push({ schema: value, path: place, level });
  }
  return parts;
};

const addUp = (schema: JsonObject, level: number, sums: Record<string, number>): void => {
  const add = (key: string, amount: number): void => {
    sums[key] = (sums[key] ?? 0) + amount;
  };
  const keys = typeof schema.properties === 'object' ? Object.keys(schema.properties ?? {}) : [];
  add('properties', keys.length);
  if (keys.length > 0) sums.depth = Math.max(sums.depth ?? 0, level + 1);
  const names = [...keys, ...(typeof schema.$defs === 'object' ? Object.keys(schema.$defs ?? {}) : [])];
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  add('optional', keys.filter((key) => !required.has(key)).length);
  if (Array.isArray(schema.type) || schema.anyOf !== undefined) add('unions', 1);
  const values = Array.isArray(schema.enum) ? schema.enum : [];
  add('enumValues', values.length);
  for (const text of [...names, ...values, schema.const]) if (typeof text === 'string') add('chars', text.length);
};

/** Whether some subschema can be reached from itself. What holds nothing of the kind is done with, and not entered again. */
const isRecursive = (root: JsonObject): boolean => {
  const within = new Set<unknown>();
  const done = new Set<unknown>();
  const open: { schema: JsonObject; isLeft: boolean }[] = [{ schema: root, isLeft: false }];
  for (let next = open.pop(); next !== undefined && done.size <= MAX_PARTS; next = open.pop()) {
    const { schema, isLeft } = next;
    if (isLeft) {
      within.delete(schema);
      done.add(schema);
    } else if (within.has(schema)) return true;
    else if (!done.has(schema)) {
      within.add(schema);
      open.push({ schema, isLeft: true });
      const target = typeof schema.$ref === 'string' ? pointed(root, schema.$ref) : undefined;
      const { $defs: _, ...rest } = schema;
      const below = partsOf(rest, '', 0, () => {}).map((part) => part.schema);
      for (const child of [...below, target]) {
        if (typeof child === 'object' && child !== null) open.push({ schema: child as JsonObject, isLeft: false });
      }
    }
  }
  return false;
};
