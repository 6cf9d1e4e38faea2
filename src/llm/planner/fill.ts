/** The arguments of a tool, out of the words and spans of a step. What cannot be told is missing, never guessed. */
import type { JsonObject } from '../../protocol/types.ts';
import { coerce } from '../../schema/coerce.ts';
import { propertiesOf } from '../../schema/signature.ts';
import { termsOf } from '../../search/terms.ts';
import { createIsAside } from './aside.ts';
import { give, itemOf, type Part, wrapped } from './part.ts';
import { choicesOf, type Property, propertyOf } from './property.ts';
import { numberFor } from './quantity.ts';
import type { Scanned, Span } from './spans.ts';
import { afterTool, bareFolder, leftOut, neighbours, placesOf, rowsOf, wordsOf } from './step-words.ts';

export interface Filled {
  arguments: JsonObject;
  /** The words that each argument was taken from. */
  from: Record<string, string>;
  /** What the tool needs and the step does not say. */
  missing: string[];
  /** What may be the result of the step before. */
  referred: string[];
  /** What is known of the one object that a parameter wants, where something of it is missing. */
  part?: Part;
  used: Set<Span>;
  /** Terms of the words that are an argument as they stand, after `about` and the like. */
  quoted: Set<string>;
}

export interface FillOptions {
  /** Words that chose the tool: they are no argument. */
  toolTerms: ReadonlySet<string>;
  /** Whether there is a step before that `it` may mean. */
  hasBefore: boolean;
  /** It changes nothing: words that follow those of the tool may be its argument; else only what is marked as such. */
  isHarmless: boolean;
  /** It is part of an argument: words that are marked as one may be for another. */
  isPart?: boolean;
}

const PRONOUN =
  /\b(?:it|them|that|those|(?:the|its|their) (?:results?|outputs?|contents?|text|answer|file|folder|directory))\b/i;
const THING = /\b(?:that|the|its|this) (?:file|folder|directory)\b/i;
const REFERRING: ReadonlySet<string> = new Set(['path', 'url', 'text', 'name', 'list', 'any']);
/** What comes before words that are an argument as they stand: what is said, and what it is about. */
const SAYING = /\b(?:saying|says)\s+(.+)$/is;
const ABOUT = /\b(?:about|saying|says|regarding|for)\s+(.+)$/is;
const ARTICLE = /^(?:the|a|an|my|our)\s+/i;

export const fill = (
  schema: JsonObject,
  step: Scanned,
  { toolTerms, hasBefore, isHarmless, isPart = false }: FillOptions,
): Filled => {
  const { properties, required } = propertiesOf(schema);
  const all = properties.map(([name, one]) => propertyOf(name, one, schema, required.has(name)));
  const words = wordsOf(step);
  const filled: Filled = { arguments: {}, from: {}, missing: [], referred: [], used: new Set(), quoted: new Set() };
  const rows = rowsOf(step);
  const isAside = createIsAside({ step, rows, all, isHarmless, isPart });
  const isOpen = ({ name }: Property): boolean => !Object.hasOwn(filled.arguments, name);
  const free = (): Span[] => step.spans.filter((span) => !filled.used.has(span));

  const set = (property: Property, value: unknown, from: string, spans: readonly Span[] = []): boolean => {
    give(filled.arguments, property.name, value);
    give(filled.from, property.name, from);
    for (const span of spans) filled.used.add(span);
    return true;
  };
  const take = (property: Property, spans: readonly Span[]): boolean => {
    const [first] = spans;
    if (first === undefined) return false;
    const texts =
      first.kind === 'number' && spans.length === 1
        ? [numberFor(first, property) ?? '']
        : spans.map(({ value }) => value);
    const value = coerce(texts, property.schema, schema);
    return value.ok && set(property, value.value, spans.map(({ text }) => text).join(', '), spans);
  };

  const byPair = (property: Property): void => {
    const pair = free().find(({ kind, key }) => kind === 'pair' && termsOf(key ?? '').join() === property.terms.join());
    if (pair !== undefined) take(property, [pair]);
  };
  /** `path /a/b`, `sorted by size`, `type: knows`, `from Alice`. */
  const byOwnName = (property: Property): void => {
    const ends = [property.terms, property.terms.slice(-1)].flatMap((terms) =>
      terms.length === 0 || (terms !== property.terms && terms.every((term) => toolTerms.has(term)))
        ? []
        : placesOf(terms, words),
    );
    for (const end of ends) {
      const between = (to: number): boolean => /^\s*(?:is|of|to|as|=|:|by)?\s*$/i.test(step.words.slice(end, to));
      const span = free().find(({ start }) => start >= end && between(start));
      const row = (property.kind === 'list' && span && rows.get(span)) || [];
      if (row.length > 1 && row.every((one) => property.takes(one) && !filled.used.has(one)) && take(property, row))
        return;
      if (span !== undefined && property.kind !== 'boolean' && property.takes(span) && take(property, [span])) return;
      const choice = choicesOf(property).find((one) => {
        const next = words.find(({ start }) => start >= end && between(start));
        return next !== undefined && termsOf(String(one)).join() === next.terms.join();
      });
      if (choice !== undefined) {
        set(property, choice, String(choice));
        return;
      }
      const next = words.find(({ start }) => start >= end && between(start));
      if (/^\s*(?:and|or|,)\s/i.test(step.words.slice(next?.end ?? step.words.length)) && !isHarmless) return;
      if (next !== undefined && property.kind === 'name' && property.required && property.terms.length > 1) {
        const text = step.text.slice(next.start, next.end);
        set(property, text, text);
        return;
      }
    }
  };
  const byChoice = (property: Property): void => {
    const inText = choicesOf(property).filter((choice) => {
      const terms = termsOf(String(choice));
      const isTool = terms.every((term) => toolTerms.has(term));
      const span = free().some(({ value }) => value.toLowerCase() === String(choice).toLowerCase());
      return span || (!isTool && terms.length > 0 && placesOf(terms, words).length > 0);
    });
    const [only] = inText;
    if (inText.length !== 1 || only === undefined) return;
    const span = free().find(({ value }) => value.toLowerCase() === String(only).toLowerCase());
    set(property, only, String(only), span === undefined ? [] : [span]);
  };
  const bySwitch = (property: Property): void => {
    const terms = property.terms.filter(
      (term) => !['include', 'is', 'with', 'enable', 'use', 'show', 'should'].includes(term),
    );
    if (terms.length === 0) return;
    for (const end of placesOf(terms, words)) {
      const before = step.words.slice(Math.max(0, end - 40), end);
      const no = /\b(?:without|no|not|excluding|skip)\b[^.]*$/i.test(before);
      const yes = /\b(?:with|including|include|and|as)\b[^.]*$/i.test(before);
      if (no || yes || !terms.every((term) => toolTerms.has(term))) set(property, !no, before.trim());
    }
  };
  const byNumbers = (): void => {
    const open = (): Property[] => all.filter((property) => property.kind === 'number' && isOpen(property));
    for (const span of free().filter(({ kind }) => kind === 'number' || kind === 'id')) {
      const near = neighbours(span, words);
      const rated = open().map((property) => ({ property, score: property.nearness(near, span) }));
      const best = Math.max(0, ...rated.map(({ score }) => score));
      const fitting = rated.filter(({ score }) => best > 0 && score === best);
      const [one] = fitting;
      if (fitting.length === 1 && one !== undefined && take(one.property, [span]))
        for (const word of near) if (one.property.speaksOf(word) && !toolTerms.has(word)) filled.quoted.add(word);
    }
    const left = free().filter(({ kind }) => kind === 'number' || kind === 'id');
    const needed = open().filter((property) => property.required);
    if (left.length === needed.length)
      for (const [at, property] of needed.entries()) take(property, left.slice(at, at + 1));
    const [only, ...more] = free().filter(({ kind }) => kind === 'number');
    const counts = open().filter(({ terms }) => terms.some((term) => COUNTS.has(term)));
    if (only !== undefined && more.length === 0 && counts.length === 1 && counts[0] !== undefined)
      take(counts[0], [only]);
  };
  /** Whether a path is missing that only a quotation can be. */
  const wantsPath = (): boolean =>
    all.some((one) => one.kind === 'path' && one.required && isOpen(one)) &&
    !free().some(({ kind }) => kind === 'path');
  const byKind = (property: Property, takes: (span: Span) => boolean): void => {
    const needsPath = wantsPath();
    const fitting = free().filter((span) => takes(span) && !isAside(property, span, needsPath));
    if (property.kind === 'list') {
      const [first] = fitting;
      // Whose list it is comes first: what was said may be that.
      if (isPart && !isHarmless && all.some((one) => one.kind === 'name' && one.required && isOpen(one))) return;
      const row = isHarmless ? fitting : ((first && rows.get(first)) ?? []);
      if (row.length > 0 && row.every((span) => !filled.used.has(span) && property.takes(span))) take(property, row);
      return;
    }
    const claimed = (span: Span): boolean =>
      all.some((one) => one !== property && one.kind === property.kind && isOpen(one) && standsBefore(one, span));
    const chosen = fitting.find((span) => standsBefore(property, span)) ?? fitting.find((span) => !claimed(span));
    const said = words.flatMap(({ terms }) => terms);
    if (chosen !== undefined && (property.required || property.isNamedBy(said, chosen))) take(property, [chosen]);
  };
  const standsBefore = ({ way }: Property, { start }: Span): boolean => way?.test(step.words.slice(0, start)) === true;
  /** `without node_modules`: what is left out, where a list is for it. */
  const byException = (property: Property): void => {
    const { names, text } = leftOut(step);
    const value = names.length === 0 ? undefined : coerce(names, property.schema, schema);
    if (value?.ok) set(property, value.value, text);
  };
  /** `for TODO`: a name is a pattern only where it is said to be what is looked for. */
  const byPattern = (property: Property): void => {
    const span = free().find(
      ({ kind, start }) => kind === 'name' && /\b(?:for|matching|like)\s*$/i.test(step.words.slice(0, start)),
    );
    if (span !== undefined) take(property, [span]);
  };
  const byBareFolder = (): void => {
    const [property, ...more] = all.filter((one) => one.required && one.kind === 'path' && isOpen(one));
    if (property === undefined || more.length > 0 || free().some(property.takes)) return;
    const name = bareFolder(step, toolTerms, isHarmless);
    const value = name === undefined ? undefined : coerce([name], property.schema, schema);
    if (name === undefined || value?.ok !== true) return;
    set(property, value.value, name);
    for (const term of termsOf(name)) filled.quoted.add(term);
  };
  const byRest = (): void => {
    const needed = all.filter((property) => property.required && isOpen(property));
    const [property] = needed;
    if (needed.length !== 1 || property === undefined || !property.takesWords) return;
    if (isPart && property.kind !== 'text') return;
    if (free().some(({ kind }) => kind !== 'name' && kind !== 'number')) return;
    const cued = (isHarmless || property.isSubject ? ABOUT : SAYING).exec(step.words);
    const from = cued === null ? afterTool(words, toolTerms) : cued.index + cued[0].length - (cued[1] ?? '').length;
    if (from === undefined || (cued === null && (!isHarmless || isPart))) return;
    if ([...filled.used].some(({ end }) => end > from)) return;
    const text = step.text
      .slice(from)
      .trim()
      .replace(ARTICLE, '')
      .replace(/[?.!]+$/, '')
      .trim();
    if (text === '' || PRONOUN.test(text)) return;
    const value = coerce([text], property.schema, schema);
    if (value.ok && cued !== null) for (const term of termsOf(text)) filled.quoted.add(term);
    if (value.ok)
      set(
        property,
        value.value,
        text,
        free().filter(({ start }) => start >= from),
      );
  };
  /** A list of objects, or an object, of which the step says one. */
  const byParts = (property: Property): void => {
    const json = free().find(({ kind }) => kind === 'json');
    if (json !== undefined && take(property, [json])) return;
    const item = itemOf(property.schema, schema);
    if (item === undefined) return;
    const rest = { ...step, spans: free() };
    const inner = fill(item, rest, {
      toolTerms,
      hasBefore: false,
      isHarmless,
      isPart: true,
    });
    const { arguments: given, missing, used } = inner;
    if (Object.keys(given).length === 0) return;
    if (missing.length === 0) {
      set(property, wrapped(property.schema, given, schema), Object.values(inner.from).join(', '), [...used]);
    } else if (property.required && filled.part === undefined && inner.part === undefined) {
      filled.part = { property: property.name, given, missing };
      for (const span of used) filled.used.add(span);
    }
  };

  const open = (): Property[] => all.filter(isOpen);
  for (const property of open()) byPair(property);
  for (const property of open()) if (property.kind !== 'parts') byOwnName(property);
  for (const property of open()) if (choicesOf(property).length > 0) byChoice(property);
  for (const property of open()) if (property.kind === 'boolean') bySwitch(property);
  byNumbers();
  const ordered = open().sort((one, other) => Number(other.required) - Number(one.required));
  const spanned = ordered.filter(({ kind }) => !['boolean', 'number', 'parts'].includes(kind));
  for (const property of spanned) byKind(property, property.prefers);
  for (const property of spanned.filter(isOpen)) byKind(property, property.takes);
  for (const property of open()) if (property.kind === 'list' && property.excludes) byException(property);
  for (const property of open()) if (property.kind === 'glob') byPattern(property);
  for (const property of open()) if (property.kind === 'parts') byParts(property);
  // What one parameter alone can be meant for, it is meant for.
  const needsPath = wantsPath();
  for (const span of free()) {
    const takers = open().filter(
      (property) => property.kind !== 'number' && property.takes(span) && !isAside(property, span, needsPath),
    );
    const [only] = takers;
    if (takers.length === 1 && only !== undefined && !['name', 'number'].includes(span.kind)) take(only, [span]);
  }
  const refers = hasBefore && PRONOUN.test(step.words);
  const isThing = THING.test(step.words);
  if (!refers) {
    byBareFolder();
    byRest();
  }
  for (const property of open().filter((one) => one.required)) {
    if (
      refers &&
      filled.referred.length === 0 &&
      REFERRING.has(property.kind) &&
      (!isThing || property.kind === 'path')
    )
      filled.referred.push(property.name);
    else filled.missing.push(property.name);
  }
  return filled;
};

const COUNTS = new Set(['limit', 'count', 'max', 'top', 'size', 'number', 'results', 'n']);
