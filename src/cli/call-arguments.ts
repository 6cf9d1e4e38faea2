/** The arguments of a call, gathered from the line: `key=value`, `key:=JSON`, `key=@file`, `--args`, the function form. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { nearest } from '../config/nearest.ts';
import { pointerStep } from '../config/places.ts';
import { type Problem, ToolwayError } from '../errors.ts';
import { readFailure } from '../node/read-failure.ts';
import type { JsonObject } from '../protocol/types.ts';
import { coerce } from '../schema/coerce.ts';
import { applyDefaults } from '../schema/defaults.ts';
import { propertiesOf } from '../schema/signature.ts';
import type { CliContext } from './command.ts';
import type { FormArgument } from './function-form.ts';

/** What one argument was given as: texts that the schema turns into a value, or the value itself. */
type Given = { key: string; texts: string[]; literal: boolean } | { key: string; value: unknown };

type World = Pick<CliContext, 'cwd' | 'env' | 'stdin'>;

const invalid = (reason: string, problems?: Problem[]): ToolwayError =>
  new ToolwayError('invalid_arguments', reason, { executed: 'no', problems });

const ASSIGNMENT = /^([^=]*?)(:?=)(.*)$/s;

const textOf = async (source: string, { cwd, env, stdin }: World, hint: string): Promise<string> => {
  if (source === '-') return stdin();
  try {
    // Behind `@` no shell has done it.
    return await readFile(
      resolve(
        cwd,
        source.replace(/^~(?=\/)/, () => env.HOME || homedir()),
      ),
      'utf8',
    );
  } catch (error) {
    throw invalid(`cannot read ${JSON.stringify(source)}: ${readFailure(error)}${hint}`);
  }
};

const jsonOf = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`${what} is not JSON: ${(error as Error).message}`);
  }
};

const objectOf = (text: string, what: string): JsonObject => {
  const value = text.trim() === '' ? {} : jsonOf(text, what);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalid(`${what} must be a JSON object`);
};

const readAssignment = async (word: string, world: World): Promise<Given> => {
  const [, key = '', operator, text = ''] = ASSIGNMENT.exec(word) ?? [];
  if (operator === undefined || key === '') {
    throw invalid(`${JSON.stringify(word)} is no argument; write key=value, key:=JSON or key=@file`);
  }
  if (operator === ':=') {
    const json = text.startsWith('@') ? await textOf(text.slice(1), world, '') : text;
    return { key, value: jsonOf(json, key) };
  }
  if (!text.startsWith('@')) return { key, texts: [text], literal: false };
  const hint = `; for the text itself, write ${key}:='${JSON.stringify(text)}'`;
  return { key, texts: [await textOf(text.slice(1), world, hint)], literal: false };
};

const fromForm = (argument: FormArgument): Given =>
  'value' in argument ? argument : { key: argument.key, texts: [argument.word], literal: true };

/** A bare word of the function form that no schema explains: JSON where it is JSON, else text. */
const bareWord = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

export interface ArgumentSources {
  /** Positionals after the name. */
  words: readonly string[];
  /** The value of `--args`. */
  json?: string;
}

/** The arguments of the line, with nothing but the texts still open; `settle` closes them with the schema. */
export interface OpenArguments {
  base: JsonObject;
  given: Given[];
}

/** Reads everything that the line names, files and stdin too. Needs no connection. */
export const gatherArguments = async ({ words, json }: ArgumentSources, world: World): Promise<OpenArguments> => {
  let base: JsonObject = {};
  if (json !== undefined) {
    const source = json === '-' ? '-' : json.startsWith('@') ? json.slice(1) : undefined;
    base = objectOf(source === undefined ? json : await textOf(source, world, ''), '--args');
  }
  const given: Given[] = [];
  for (const word of words) {
    if (word.trim() === '' || word.trimStart().startsWith('{')) base = { ...base, ...objectOf(word, 'the argument') };
    else given.push(await readAssignment(word, world));
  }
  return { base, given };
};

/** With those of the function form, which stand first. */
export const withForm = ({ base, given }: OpenArguments, form: readonly FormArgument[]): OpenArguments => ({
  base,
  given: [...form.map(fromForm), ...given],
});

const set = (target: JsonObject, key: string, value: unknown): void => {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
};

/** Turns open arguments into the ones to send, with the schema's defaults where nothing was given. Throws `invalid_arguments` that lists every value that cannot be right. */
export const settleArguments = ({ base, given }: OpenArguments, inputSchema: JsonObject): JsonObject => {
  const { properties } = propertiesOf(inputSchema);
  const schemas = new Map(properties);
  const result: JsonObject = { ...base };
  const problems: Problem[] = [];

  for (const [key, all] of groupByKey(given)) {
    const last = all.at(-1);
    const path = pointerStep(key);
    const schema = schemas.get(key) ?? additional(inputSchema);
    if (all.some((one) => 'value' in one)) {
      if (all.length > 1) problems.push({ path, message: 'is given more than once' });
      else if (last !== undefined && 'value' in last) set(result, key, last.value);
      continue;
    }
    const texts = all.flatMap((one) => ('texts' in one ? one.texts : []));
    const literal = last !== undefined && 'literal' in last && last.literal;
    if (literal && schema === undefined) {
      const values = texts.map(bareWord);
      set(result, key, values.length === 1 ? values[0] : values);
      continue;
    }
    const value = coerce(texts, schema ?? (texts.length > 1 ? { type: 'array' } : {}), inputSchema);
    if (value.ok) set(result, key, value.value);
    else problems.push({ path, message: mismatch(texts, value.expected) });
  }

  if (problems.length === 0) return applyDefaults(inputSchema, result);
  throw invalid(problems.map(({ path, message }) => `${path.slice(1)} ${message}`).join('; '), problems);
};

const groupByKey = (given: readonly Given[]): Map<string, Given[]> => {
  const groups = new Map<string, Given[]>();
  for (const one of given) groups.set(one.key, [...(groups.get(one.key) ?? []), one]);
  return groups;
};

const mismatch = (texts: readonly string[], expected: string): string => {
  const shown = texts.map((text) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)).join(', ');
  return `must be ${expected}, not ${shown}`;
};

const additional = ({ additionalProperties }: JsonObject): unknown =>
  typeof additionalProperties === 'object' && additionalProperties !== null ? additionalProperties : undefined;

/** Keys of the arguments that the schema does not know, each with the nearest one that it does. */
export const unknownKeys = (args: JsonObject, inputSchema: JsonObject): string[] => {
  const names = propertiesOf(inputSchema).properties.map(([name]) => name);
  if (names.length === 0) return [];
  return Object.keys(args)
    .filter((key) => !names.includes(key))
    .map((key) => {
      const [close] = nearest(key, names);
      return close === undefined ? key : `${key} (did you mean ${close}?)`;
    });
};
