/** Translates the errors of @cfworker/json-schema, which say where in the schema they arose, into `Failure`s. */
import type { OutputUnit } from '@cfworker/json-schema';
import { canonicalJson } from '../canonical.ts';
import type { JsonObject } from '../protocol/types.ts';
import { isObject } from './document.ts';
import type { Failure } from './explain.ts';
import { NEVER, type Pieces } from './weaken.ts';

const MAX_FAILURES = 60;
const MAX_VALUES = 10;
const COMPARISONS = new Map([
  ['minimum', '>='],
  ['maximum', '<='],
  ['exclusiveMinimum', '>'],
  ['exclusiveMaximum', '<'],
]);
const LEFT_OVER = new Set(['additionalProperties', 'unevaluatedProperties', 'items', 'unevaluatedItems']);
const LIMITS = new Set(['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties']);

/** The failures behind the first `errors`; those that only say that a part failed are left out. */
export const failuresOf = (errors: OutputUnit[], pieces: Pieces, value: unknown): Failure[] => {
  const failures: Failure[] = [];
  const seen = new Set<string>();
  let closed: { keyword: string; owner: JsonObject; path: string } | undefined;
  for (const { keyword, keywordLocation, instanceLocation } of errors) {
    if (failures.length >= MAX_FAILURES) break;
    const id = `${keyword} ${instanceLocation} ${keywordLocation}`;
    if (keyword === '$ref' || seen.has(id) || /\/(contains|propertyNames)\//.test(keywordLocation)) continue;
    seen.add(id);
    const path = decodeURIComponent(instanceLocation.slice(1));
    if (keyword === 'false' && closed !== undefined) {
      failures.push({ path: closed.path, ...leftOver(closed, path) });
      continue;
    }
    const owner = ownerOf(keywordLocation, pieces);
    const rule = owner[keyword];
    closed = LEFT_OVER.has(keyword) && isObject(rule) && rule.$ref === NEVER ? { keyword, owner, path } : undefined;
    if (LEFT_OVER.has(keyword)) continue;
    const found = read(keyword, owner, at(value, path)).slice(0, MAX_FAILURES);
    failures.push(...found.map((failure): Failure => ({ path, ...failure })));
  }
  return failures;
};

const read = (keyword: string, owner: JsonObject, value: unknown): Omit<Failure, 'path'>[] => {
  const rule = owner[keyword];
  if (COMPARISONS.has(keyword)) return [{ keyword, params: { comparison: COMPARISONS.get(keyword), limit: rule } }];
  if (LIMITS.has(keyword)) return [{ keyword, params: { limit: rule } }];
  switch (keyword) {
    case 'type':
      return [{ keyword, params: { type: rule } }];
    case 'const':
      return [{ keyword, params: { allowedValue: rule } }];
    case 'enum':
      return [{ keyword, params: { allowedValues: listOf(rule).slice(0, MAX_VALUES), count: listOf(rule).length } }];
    case 'multipleOf':
      return [{ keyword, params: { multipleOf: rule } }];
    case 'required':
      return missing(listOf(rule), value).map((missingProperty) => ({ keyword, params: { missingProperty } }));
    case 'dependentRequired':
      return Object.entries(isObject(rule) ? rule : {})
        .filter(([property]) => has(value, property))
        .flatMap(([property, names]) =>
          missing(listOf(names), value).map((name) => ({ property, missingProperty: name })),
        )
        .map((params) => ({ keyword, params }));
    case 'uniqueItems':
      return [{ keyword, params: repeated(listOf(value)) }];
    case 'contains':
    case 'minContains':
    case 'maxContains':
      return [{ keyword: 'contains', params: {} }];
    case 'false':
      return [{ keyword: 'false schema', params: {} }];
    case 'not':
    case 'anyOf':
    case 'oneOf':
    case 'propertyNames':
      return [{ keyword, params: {} }];
    default:
      return [];
  }
};

/** What a closed object or array found beside what it names: `path` is the place of the surplus. */
const leftOver = ({ keyword, owner }: { keyword: string; owner: JsonObject }, path: string): Omit<Failure, 'path'> => {
  const limit = listOf(owner.prefixItems).length;
  if (keyword.endsWith('tems')) return { keyword, params: { limit, len: limit } };
  const additionalProperty = unescaped(path.slice(path.lastIndexOf('/') + 1));
  return {
    keyword,
    params: { additionalProperty },
    known: Object.keys(isObject(owner.properties) ? owner.properties : {}),
  };
};

/** The schema object whose keyword is at a location; a step called `$ref` leads to another piece. */
const ownerOf = (location: string, pieces: Pieces): JsonObject => {
  let node: unknown = pieces.get('#');
  for (const token of location.split('/').slice(1, -1)) {
    const key = unescaped(decodeURIComponent(token));
    const next = (node as JsonObject | undefined)?.[key];
    node = key === '$ref' && typeof next === 'string' ? pieces.get(next) : next;
  }
  return isObject(node) ? node : {};
};

const at = (value: unknown, path: string): unknown => {
  let node = value;
  for (const token of path.split('/').slice(1)) node = (node as JsonObject | undefined)?.[unescaped(token)];
  return node;
};

const repeated = (items: unknown[]): JsonObject => {
  const seen = new Map<string, number>();
  for (const [i, item] of items.entries()) {
    const text = canonicalJson(item);
    if (seen.has(text)) return { i, j: seen.get(text) };
    seen.set(text, i);
  }
  return {};
};

const unescaped = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~');
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const has = (value: unknown, key: string): boolean => isObject(value) && Object.hasOwn(value, key);
const missing = (names: unknown[], value: unknown): unknown[] => names.filter((name) => !has(value, String(name)));
