/**
 * Arguments out of `multipart/form-data`, each part read by what the tool's schema says of the argument of its name.
 *
 * A file becomes base64 where the schema says `contentEncoding: base64` or `format: binary`, `byte` or `base64`; for
 * any other string it is taken as text, and refused where it is none. A text part is a number, a boolean or JSON where
 * the schema's type is such; several parts of one name are the items of an array. What does not fit stays text, so that
 * the tool's validation says what is wrong with it.
 */
import { pointerStep } from '../../config/places.ts';
import type { JsonObject } from '../../protocol/types.ts';
import { parseJson } from '../body.ts';
import { unfit } from './body.ts';

/** Parts of one form; more are `invalid_arguments`. */
const MAX_PARTS = 256;
/** References that are followed in a row, and alternatives that are looked into. */
const MAX_STEPS = 16;

/** Rejects with `invalid_arguments` for a file that cannot stand for its argument. */
export const formArguments = async (form: FormData, schema: JsonObject): Promise<JsonObject> => {
  const names = [...new Set(form.keys())];
  if ([...form.keys()].length > MAX_PARTS) throw unfit(`a form has at most ${MAX_PARTS} parts`);
  const properties = isObject(schema.properties) ? schema.properties : {};
  const entries = names.map(async (name): Promise<[string, unknown]> => {
    const own = Object.hasOwn(properties, name) ? meantBy(properties[name], schema) : {};
    const parts = form.getAll(name);
    if (own.type !== 'array') return [name, await argumentOf(parts.at(-1) ?? '', own, name)];
    const [only] = parts;
    const list = parts.length === 1 && typeof only === 'string' ? parsed(only) : undefined;
    if (Array.isArray(list)) return [name, list];
    const items = meantBy(own.items, schema);
    return [name, await Promise.all(parts.map((part) => argumentOf(part, items, name)))];
  });
  return Object.fromEntries(await Promise.all(entries));
};

const BINARY_FORMATS: readonly unknown[] = ['binary', 'byte', 'base64'];
const isBinary = ({ contentEncoding, format }: JsonObject): boolean =>
  (typeof contentEncoding === 'string' && contentEncoding.toLowerCase() === 'base64') ||
  BINARY_FORMATS.includes(format);

const argumentOf = async (part: File | string, schema: JsonObject, name: string): Promise<unknown> => {
  if (typeof part === 'string') return typed(part, schema.type);
  const bytes = new Uint8Array(await part.arrayBuffer());
  if (isBinary(schema)) return base64(bytes);
  try {
    return typed(new TextDecoder('utf-8', { fatal: true }).decode(bytes), schema.type);
  } catch {
    const message = 'takes text, and the file is none; its schema does not say base64';
    throw unfit(`${name} ${message}`, [{ path: pointerStep(name), message }]);
  }
};

const typed = (text: string, type: unknown): unknown => {
  if (type === 'number' || type === 'integer')
    return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (type === 'null') return text === '' || text === 'null' ? null : text;
  return type === 'object' || type === 'array' ? (parsed(text) ?? text) : text;
};
const parsed = (text: string): unknown => {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
};

/** The schema that says something: behind references, and the one alternative that is not null. */
const meantBy = (given: unknown, root: JsonObject): JsonObject => {
  let schema = given;
  for (let step = 0; step < MAX_STEPS && isObject(schema); step += 1) {
    const { $ref, anyOf, oneOf, type } = schema;
    if (typeof $ref === 'string') schema = pointed(root, $ref);
    else if (type === undefined && (Array.isArray(anyOf) || Array.isArray(oneOf))) {
      const choices = (Array.isArray(anyOf) ? anyOf : (oneOf as unknown[])).filter(
        (one) => isObject(one) && one.type !== 'null',
      );
      if (choices.length !== 1) return {};
      schema = choices[0];
    } else if (Array.isArray(type)) return { ...schema, type: type.find((each) => each !== 'null') };
    else return schema;
  }
  return {};
};
const pointed = (root: JsonObject, reference: string): unknown => {
  if (!reference.startsWith('#/')) return undefined;
  let found: unknown = root;
  for (const step of reference.slice(2).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!isObject(found) || !Object.hasOwn(found, key)) return undefined;
    found = found[key];
  }
  return found;
};
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A call with a million arguments would exhaust the stack. */
const CHUNK = 32_768;
const base64 = (bytes: Uint8Array): string => {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
};
