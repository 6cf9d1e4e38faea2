/** What is wrong with one subschema, apart from those below it. Shares nothing with the rewriting, as `lint.ts` says: what both need stands in each of them. */
import type { JsonObject } from '../../protocol/types.ts';
import type { LintCode, SchemaRules } from '../profiles/profile.ts';

interface Place {
  path: string;
  root: JsonObject;
  rules: SchemaRules;
  find(code: LintCode, path: string, message: string): void;
}

const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'string', 'integer'];
const NUMBERS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
const COUNTS = ['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'];
const TEXTS = ['title', 'description', 'pattern', 'format', '$ref'];
const SAID = ['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'];
const RICH = [/\(\?[=!<:]/, /\\[1-9]/, /\\[bBpPkuUx]/, /\{\d{3,}/];

export const lintNode = (node: JsonObject, place: Place): void => {
  lintForm(node, place);
  const { path, rules, find } = place;
  if (rules.keywords !== 'all') {
    for (const keyword of Object.keys(node)) {
      if (!rules.keywords.includes(keyword)) find('keyword', `${path}/${keyword}`, 'is not taken');
    }
  }
  if (rules.oneOf === 'anyOf' && node.oneOf !== undefined) find('keyword', `${path}/oneOf`, 'is not taken');
  if (rules.allOf === 'merge' && node.allOf !== undefined) find('keyword', `${path}/allOf`, 'is not taken');
  if (typeof node.format === 'string' && rules.formats !== undefined && !rules.formats.includes(node.format)) {
    find('format', `${path}/format`, `${node.format} is not known`);
  }
  if (rules.richPatterns === false && RICH.some((rich) => rich.test(String(node.pattern ?? '')))) {
    find('pattern', `${path}/pattern`, 'looks around, refers back, or is too large');
  }
  if (rules.maxMinItems !== undefined && Number(node.minItems ?? 0) > rules.maxMinItems) {
    find('min_items', `${path}/minItems`, `more than ${rules.maxMinItems}`);
  }
  lintTypes(node, place);
  lintReference(node, place);
  const asserts = Object.keys(node).filter((keyword) => !SAID.includes(keyword) && keyword !== 'anyOf');
  if (rules.unionSiblings === false && node.anyOf !== undefined && asserts.length > 0) {
    find('union_siblings', path, `${asserts.join(', ')} beside anyOf`);
  }
  if (isOf(node, 'object')) lintObject(node, place);
};

const isOf = (node: JsonObject, type: string): boolean =>
  Array.isArray(node.type) ? node.type.includes(type) : node.type === type;

/** Whether it is a schema of draft 2020-12 at all. */
const lintForm = (node: JsonObject, { path, find }: Place): void => {
  const wrong = (keyword: string, wanted: string): void => find('malformed', `${path}/${keyword}`, `is not ${wanted}`);
  const types = Array.isArray(node.type) ? node.type : [node.type];
  if (node.type !== undefined && (types.length === 0 || types.some((type) => !TYPES.includes(type as string)))) {
    wrong('type', 'a type');
  }
  for (const keyword of NUMBERS) {
    if (node[keyword] !== undefined && typeof node[keyword] !== 'number') wrong(keyword, 'a number');
  }
  for (const keyword of COUNTS) {
    const count = node[keyword];
    if (count !== undefined && !(Number.isInteger(count) && (count as number) >= 0)) wrong(keyword, 'a count');
  }
  for (const keyword of TEXTS) {
    if (node[keyword] !== undefined && typeof node[keyword] !== 'string') wrong(keyword, 'a string');
  }
  const { required, enum: values } = node;
  const isNames = Array.isArray(required) && required.every((name) => typeof name === 'string');
  if (required !== undefined && !isNames) wrong('required', 'a list of names');
  if (values !== undefined && !(Array.isArray(values) && values.length > 0)) wrong('enum', 'a list of values');
  if (node.additionalItems !== undefined) wrong('additionalItems', 'known in 2020-12');
};

const lintTypes = (node: JsonObject, { path, rules, find }: Place): void => {
  if (Array.isArray(node.type) && rules.typeLists !== 'any') {
    const others = node.type.filter((type) => type !== 'null');
    if (rules.typeLists === 'none' || others.length > 1) find('type_list', `${path}/type`, 'is a list of types');
  }
  const { enumOf } = rules;
  if (enumOf !== 'any' && Array.isArray(node.enum)) {
    for (const [at, value] of node.enum.entries()) {
      const kind = value === null ? 'null' : typeof value;
      if (!enumOf.some((type) => type === kind)) find('enum_value', `${path}/enum/${at}`, `is of type ${kind}`);
    }
  }
  if (rules.itemsNeeded === true && isOf(node, 'array') && node.items === undefined) {
    find('items_missing', path, 'a list without items');
  }
  const says = ['type', 'anyOf', '$ref', 'enum', 'const', 'oneOf', 'allOf', 'not'];
  if (rules.free === 'json-text' && !says.some((keyword) => node[keyword] !== undefined)) {
    find('any_value', path, 'may be anything');
  }
};

const lintReference = (node: JsonObject, { path, root, rules, find }: Place): void => {
  if (node.$ref === undefined) return;
  if (rules.refs === 'inline') find('reference', `${path}/$ref`, 'is not taken');
  else if (!['object', 'boolean'].includes(typeof pointed(root, String(node.$ref)))) {
    find('reference', `${path}/$ref`, 'points to nothing');
  }
  const others = Object.keys(node).filter(
    (keyword) => keyword !== '$ref' && !SAID.includes(keyword) && keyword !== '$defs',
  );
  if (rules.refs === 'alone' && others.length > 0) find('reference', path, `${others.join(', ')} beside $ref`);
};

/** What a reference within a schema means; true for one by an anchor, which is not looked for. */
export const pointed = (root: JsonObject, ref: string): unknown => {
  if (!ref.startsWith('#')) return undefined;
  if (/^#[^/]/.test(ref)) return true;
  let node: unknown = root;
  for (const token of ref.split('/').slice(1)) {
    const key = decoded(token).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
    node = (node as JsonObject)[key];
  }
  return node;
};

const decoded = (token: string): string => {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
};

const lintObject = (node: JsonObject, { path, rules, find }: Place): void => {
  if (rules.closed === true && node.additionalProperties !== false) find('open_object', path, 'is open to other keys');
  if (rules.allRequired !== true) return;
  const keys = new Set(Object.keys(typeof node.properties === 'object' ? (node.properties ?? {}) : {}));
  const required = new Set(Array.isArray(node.required) ? node.required : []);
  for (const key of keys) if (!required.has(key)) find('not_required', `${path}/properties/${key}`, 'is not required');
  for (const key of required) {
    if (!keys.has(String(key))) find('not_required', `${path}/required`, `${key} is no property`);
  }
};
