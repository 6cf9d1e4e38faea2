/** What `it` is: a value out of the result of an earlier step, or what that step was given. */
import type { JsonObject } from '../../protocol/types.ts';
import { coerce } from '../../schema/coerce.ts';
import { propertiesOf } from '../../schema/signature.ts';
import type { ResultPart } from '../message.ts';
import { hasGap, isOriginLine } from '../results/sentences.ts';
import type { Moment } from './moment.ts';
import { type PropertyKind, propertyOf } from './property.ts';
import { scan } from './spans.ts';

export interface Earlier {
  arguments: JsonObject;
  result: ResultPart | undefined;
}

export type Referred =
  | { kind: 'value'; value: unknown }
  | { kind: 'several'; choices: string[] }
  | { kind: 'none'; why: string };

const LONGEST_SCANNED = 8_000;
const MOST_CHOICES = 5;

/** What the tool itself gave, as text. */
export const textOfResult = (result: ResultPart | undefined): string => {
  const texts = (result?.content ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : []));
  return (isOriginLine(texts[0] ?? '') ? texts.slice(1) : texts).join('\n');
};

/** The JSON object or list that a result is. */
export const structureOf = (text: string): unknown => {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const fromArguments = (earlier: JsonObject, kind: PropertyKind, moment: Moment): string[] =>
  Object.values(earlier).flatMap((value) => {
    if (typeof value !== 'string') return [];
    const [span, ...more] = scan(value, moment).spans;
    return more.length === 0 && span?.kind === kind && span.value === value ? [value] : [];
  });

const fromStructure = (structure: unknown, name: string): unknown[] => {
  if (Array.isArray(structure)) return structure.flatMap((item) => fromStructure(item, name));
  if (typeof structure !== 'object' || structure === null) return [];
  return Object.hasOwn(structure, name) ? [(structure as JsonObject)[name]] : [];
};

const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** Never one of several: then it has to be asked. What the person said counts before what a server said. */
export const refer = (
  name: string,
  schema: JsonObject,
  { arguments: given, result }: Earlier,
  moment: Moment,
): Referred => {
  const { properties, required } = propertiesOf(schema);
  const own = properties.find(([key]) => key === name)?.[1];
  const { kind } = propertyOf(name, own, schema, required.has(name));
  const text = textOfResult(result);
  const read = (values: readonly unknown[]): Referred => {
    const distinct = [...new Set(values.map(asText))].filter((value) => value !== '');
    const [only] = distinct;
    if (only === undefined) return { kind: 'none', why: 'the result before holds nothing of the kind' };
    if (distinct.length > 1) return { kind: 'several', choices: distinct.slice(0, MOST_CHOICES) };
    const value = coerce([only], own, schema);
    return value.ok
      ? { kind: 'value', value: value.value }
      : { kind: 'none', why: `the result before is no ${value.expected}` };
  };
  if (kind === 'path' || kind === 'url') {
    const said = fromArguments(given, kind, moment).filter((value) => kind === 'url' || /\.\w+$/.test(value));
    if (said.length > 0) return read(said);
    const found = scan(text.slice(0, LONGEST_SCANNED), moment).spans.filter((span) => span.kind === kind);
    return read(found.length > 0 ? found.map(({ value }) => value) : fromArguments(given, kind, moment));
  }
  const named = fromStructure(structureOf(text), name);
  if (named.length > 0) return read(named);
  if (hasGap(text)) return { kind: 'none', why: 'the result before was shortened, and is not whole' };
  return read([text]);
};
