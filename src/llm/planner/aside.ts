/** What stands in a step beside what a parameter wants: a person who is spoken of, the place that things are in. */
import type { Property } from './property.ts';
import { looksLikePath, type Scanned, type Span } from './spans.ts';

const LAST_WORD = /(?:^|[^\p{L}])(\p{L}+)\s*$/u;
const BESIDE = new Set('about after before but by for in like near of on than to with from'.split(' '));
const WITHIN = new Set('in inside of under within'.split(' '));
const PLACE = /\b(?:to|into|in|onto|at|from|under|file|folder|directory|named|called)\s*$/i;
const FOLDER = ['directory', 'folder', 'dir'];
/** As much before a span as is looked at. */
const BEFORE = 40;

export interface AsideOptions {
  step: Scanned;
  rows: ReadonlyMap<Span, Span[]>;
  all: readonly Property[];
  /** It changes nothing. */
  isHarmless: boolean;
  isPart: boolean;
}

/** Whether a parameter may not be given a span that is of its kind. `needsPath`: a path is wanted that only a quotation can be. */
export type IsAside = (property: Property, span: Span, needsPath: boolean) => boolean;

export const createIsAside = ({ step, rows, all, isHarmless, isPart }: AsideOptions): IsAside => {
  const hasText = all.some(({ kind }) => kind === 'text' || kind === 'parts');
  /** `the friends of Bob` is not Bob, `a folder in /data` not /data; one of several in a row is not all that was meant. */
  const isBeside = (property: Property, span: Span, before: string): boolean => {
    const { kind, value, text } = span;
    const word = LAST_WORD.exec(before)?.[1]?.toLowerCase() ?? '';
    if (kind === 'name' && value !== text) return true;
    if (kind === 'name' && property.kind === 'text' && !property.isSubject && span.key === undefined) return true;
    if (property.kind === 'list') return BESIDE.has(word) || (isPart && kind === 'name');
    if ((rows.get(span)?.length ?? 1) > 1) return true;
    if (property.kind === 'path' && kind !== 'name') {
      const isFile = /[^/]\.\w+$/.test(value) || property.terms.some((term) => FOLDER.includes(term));
      return WITHIN.has(word) && !isFile;
    }
    return kind === 'name' && property.way === undefined && ['of', 'like', 'but', 'than', 'near'].includes(word);
  };
  return (property, span, needsPath) => {
    const before = step.words.slice(Math.max(0, span.start - BEFORE), span.start);
    if (!isHarmless && isBeside(property, span, before)) return true;
    // A quotation may be a text as well as a path: what stands before it tells, and how it looks.
    if (span.kind !== 'quote' || (property.kind !== 'path' && property.kind !== 'text')) return false;
    const isPlace = PLACE.test(before);
    const looks = looksLikePath(span.value);
    return property.kind === 'path' ? hasText && !isPlace && !looks : needsPath && isPlace && looks;
  };
};
