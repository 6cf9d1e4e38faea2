/** Turns what an engine found into sentences that a person can act on. */
import type { Problem } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';

/** One failed keyword at one place of the value, as ajv names it; both engines report in this form. */
export interface Failure {
  /** JSON Pointer to the value. */
  path: string;
  keyword: string;
  params: JsonObject;
  /** The property names that the schema knows there. */
  known?: string[];
}

/** Problems that one check reports at most. */
const MAX_PROBLEMS = 20;

/** The problems behind `failures`, without the ones that only repeat that a part failed. Never empty. */
export const explain = (failures: Failure[], value: unknown): Problem[] => {
  const problems = new Map<string, Problem>();
  const add = (path: string, message: string): void => {
    if (problems.size < MAX_PROBLEMS) problems.set(`${path}\n${message}`, { path, message });
  };
  const types = new Map<string, Set<string>>();
  for (const { path, keyword, params } of failures) {
    if (keyword !== 'type') continue;
    const wanted = types.get(path) ?? new Set();
    for (const type of [params.type].flat()) wanted.add(String(type));
    types.set(path, wanted);
  }
  const leaves = failures.filter(({ keyword }) => keyword !== 'type' && !SUMMARIES.has(keyword));
  for (const failure of leaves) add(...sentence(failure, value));
  const paths = leaves.map(({ path }) => path);
  for (const [path, wanted] of types) {
    const got = at(value, path);
    // One branch of an `anyOf` already accepted the type, and says more exactly what is wrong.
    if (!(isNested(got) && paths.some((other) => other === path || other.startsWith(`${path}/`)))) {
      add(path, `must be ${oneOf([...wanted].map(withArticle))}, got ${shown(got)}`);
    }
  }
  if (problems.size === 0) {
    for (const failure of failures) add(...sentence(failure, value));
  }
  if (problems.size === 0) add('', 'does not fit the schema');
  return [...problems.values()];
};

const SUMMARIES = new Set(['anyOf', 'oneOf', 'if', 'allOf']);

const sentence = ({ path, keyword, params, known }: Failure, value: unknown): [string, string] => {
  const got = at(value, path);
  switch (keyword) {
    case 'type':
      return [
        path,
        `must be ${oneOf([params.type].flat().map((type) => withArticle(String(type))))}, got ${shown(got)}`,
      ];
    case 'required':
      return [path, `missing required property ${shown(params.missingProperty)}`];
    case 'dependentRequired':
      return [path, `missing property ${shown(params.missingProperty)}, which ${shown(params.property)} requires`];
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = String(params.additionalProperty ?? params.unevaluatedProperty);
      const near = nearest(name, known ?? []);
      const hint = near === undefined ? '' : ` (did you mean ${shown(near)}?)`;
      return [`${path}/${escaped(name)}`, `unknown property ${shown(name)}${hint}`];
    }
    case 'propertyNames':
      return [path, `${shown(params.propertyName)} is not allowed as the name of a property`];
    case 'enum': {
      const allowed = (Array.isArray(params.allowedValues) ? params.allowedValues : []).map(shown);
      const more = Number(params.count ?? allowed.length) - allowed.length;
      const list = more > 0 ? `one of ${allowed.join(', ')} or ${more} others` : oneOf(allowed);
      return [path, `must be ${list}, got ${shown(got)}`];
    }
    case 'const':
      return [path, `must be ${shown(params.allowedValue)}, got ${shown(got)}`];
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return [path, `must be ${params.comparison} ${params.limit}, got ${shown(got)}`];
    case 'multipleOf':
      return [path, `must be a multiple of ${params.multipleOf}, got ${shown(got)}`];
    case 'minLength':
      return [path, `must have at least ${counted(params.limit, 'character')}, got ${shown(got)}`];
    case 'maxLength':
      return [path, `must have at most ${counted(params.limit, 'character')}, got ${shown(got)}`];
    case 'minItems':
      return [path, `must have at least ${counted(params.limit, 'item')}, got ${lengthOf(got)}`];
    case 'maxItems':
    case 'items':
      return [path, `must have at most ${counted(params.limit, 'item')}, got ${lengthOf(got)}`];
    case 'unevaluatedItems':
      return [path, `must have at most ${counted(params.len, 'item')}, got ${lengthOf(got)}`];
    case 'minProperties':
      return [path, `must have at least ${counted(params.limit, 'property')}`];
    case 'maxProperties':
      return [path, `must have at most ${counted(params.limit, 'property')}`];
    case 'uniqueItems':
      return [path, `must not repeat items, but items ${params.j} and ${params.i} are equal`];
    case 'contains':
      return [path, 'must contain items of the required form in the required number'];
    case 'pattern':
      return [path, `must match the pattern ${short(String(params.pattern))}, got ${shown(got)}`];
    case 'false schema':
      return [path, 'is not allowed here'];
    case 'not':
      return [path, `has a form that is not allowed: ${shown(got)}`];
    case 'oneOf':
      return [
        path,
        params.passingSchemas ? 'fits several forms of which it must fit one' : 'fits none of the allowed forms',
      ];
    case 'anyOf':
      return [path, 'fits none of the allowed forms'];
    default:
      return [path, `does not fit ${short(keyword)}`];
  }
};

const LONGEST = 60;

const short = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${counted(value.length, 'item')}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? JSON.stringify(short(value)) : String(value);
};

const isNested = (value: unknown): boolean => typeof value === 'object' && value !== null;
const lengthOf = (value: unknown): string => (Array.isArray(value) ? String(value.length) : shown(value));

const counted = (number: unknown, noun: string): string => {
  if (number === 1) return `1 ${noun}`;
  return `${number} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
};

const withArticle = (type: string): string => {
  if (type === 'null') return type;
  return /^[aio]/.test(type) ? `an ${type}` : `a ${type}`;
};

const oneOf = (words: string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

const at = (value: unknown, path: string): unknown => {
  let node = value;
  for (const token of path.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
    node = (node as JsonObject)[key];
  }
  return node;
};

const LONGEST_NAME = 64;

/** The name at most two edits away (one for short names), if there is one. */
const nearest = (name: string, known: string[]): string | undefined => {
  if (name.length > LONGEST_NAME) return undefined;
  let best: string | undefined;
  let least = name.length < 4 ? 2 : 3;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < least) {
      best = candidate;
      least = edits;
    }
  }
  return best;
};

/** Edits between two words, an exchange of neighbours counting as one (optimal string alignment). */
const distance = (from: string, to: string): number => {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1] ? 0 : 1;
      let least = Math.min((line[column - 1] ?? 0) + 1, (last[column] ?? 0) + 1, (last[column - 1] ?? 0) + same);
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        least = Math.min(least, (before[column - 2] ?? 0) + 1);
      }
      line.push(least);
    }
    before = last;
    last = line;
  }
  return last[to.length] ?? 0;
};
