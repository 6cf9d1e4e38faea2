/** The words of a step that are no spans, and where they stand. */
import { termsOf } from '../../search/terms.ts';
import { stemsOf, telling } from '../../search/words.ts';
import type { Scanned, Span } from './spans.ts';

export interface Word {
  terms: string[];
  start: number;
  end: number;
}

const isSame = (word: string, term: string): boolean => word === term || stemsOf(word).includes(term);

export const wordsOf = ({ words }: Scanned): Word[] =>
  [...words.matchAll(/[\p{L}\p{M}\p{N}_'’-]+/gu)].map((match) => ({
    terms: termsOf(match[0]),
    start: match.index,
    end: match.index + match[0].length,
  }));

/** Where the words of a property's name end in the step. */
export const placesOf = (terms: readonly string[], words: readonly Word[]): number[] => {
  const flat = words.flatMap(({ terms: of, end }) => of.map((term) => ({ term, end })));
  return flat.flatMap(({ end }, at) => {
    const run = flat.slice(at - terms.length + 1, at + 1);
    const fits = run.length === terms.length && terms.every((term, nth) => isSame(run[nth]?.term ?? '', term));
    return fits ? [end] : [];
  });
};

/** The words next to a span: what a number counts, and what it is called. */
export const neighbours = ({ start, end }: Span, words: readonly Word[]): string[] => [
  ...words
    .filter((word) => word.end <= start)
    .slice(-2)
    .flatMap(({ terms }) => terms),
  ...words
    .filter((word) => word.start >= end)
    .slice(0, 2)
    .flatMap(({ terms }) => terms),
];

/** For each span, what stands in one row with it: `"a", "b" and "c"`. */
export const rowsOf = ({ words, spans }: Scanned): Map<Span, Span[]> => {
  const rows = new Map<Span, Span[]>();
  let row: Span[] = [];
  for (const span of spans) {
    const last = row.at(-1);
    const isNext =
      last !== undefined &&
      /^\s*(?:,\s*(?:and|or|&)?|and|or|&|plus|as well as)\s*$/i.test(words.slice(last.end, span.start));
    if (!isNext) row = [];
    row.push(span);
    rows.set(span, row);
  }
  return rows;
};

/** `without a, b and c`: what is to be left out, in bare words, and all that says so. */
export const leftOut = ({ words }: Scanned): { names: string[]; text: string } => {
  const text = LEFT_OUT.exec(words)?.[0].trim() ?? '';
  const names = text.split(/[\s,]+/).slice(1);
  return { names: names.filter((word) => !/^(?:and|or|the|for)?$/i.test(word)), text };
};
const LEFT_OUT =
  /\b(?:without|except|excluding|ignoring)(?: (?:for|the))* [\p{L}\p{N}_-]+(?:(?:, | and |, and )[\p{L}\p{N}_-]+)*(?=\W*$)/iu;

/** Where the words begin that come after those that named the tool. */
export const afterTool = (words: readonly Word[], toolTerms: ReadonlySet<string>): number | undefined => {
  let named = false;
  for (const { terms, start } of words) {
    const isTool = terms.some((term) => toolTerms.has(term) || stemsOf(term).some((stem) => toolTerms.has(stem)));
    if (named && !isTool && telling(terms).length > 0) return start;
    named ||= isTool;
  }
  return undefined;
};

/** What follows a folder's name, where it is one. */
const END = String.raw`(?=\s*(?:[?!,;:]|\.?\s*$|\s(?:and|then|with|without|sorted|by|in|under|inside)\b))`;
const NAME = String.raw`([\p{L}\p{N}_][\p{L}\p{N}_-]*)`;
const AFTER_NOUN = new RegExp(String.raw`\b(?:directory|(?:sub)?folder|dir)\s+${NAME}${END}`, 'giu');
const AFTER_PREPOSITION = new RegExp(String.raw`\b(?:in|inside|under|within|of|from)\s+${NAME}${END}`, 'giu');
const BEFORE_NOUN = new RegExp(String.raw`\b(?:the|my|our)\s+${NAME}\s+(?:directory|(?:sub)?folder|dir)\b`, 'giu');
/** Words that stand where a name could. */
const NO_NAME =
  /^(?:structure|tree|hierarchy|listing|contents?|name|path|size|today|again|first|next|somewhere|everything|anything|total|alphabetical|order|detail|details|new|current|parent|home|whole|same|other|right|\p{L}+ly)$/iu;

/** A folder that is named by a bare word: after its noun or, where a mistake does no harm, after `in`. */
export const bareFolder = (
  { words, text }: Scanned,
  toolTerms: ReadonlySet<string>,
  isHarmless: boolean,
): string | undefined => {
  for (const pattern of isHarmless ? [AFTER_NOUN, BEFORE_NOUN, AFTER_PREPOSITION] : [AFTER_NOUN]) {
    for (const { 0: found, 1: name = '', index } of words.matchAll(pattern)) {
      const terms = termsOf(name);
      const isWord = telling(terms).length === 0 || terms.some((term) => toolTerms.has(term) || isStop(term));
      if (isWord || NO_NAME.test(name)) continue;
      const start = index + found.indexOf(name, found.search(/\s/));
      return text.slice(start, start + name.length);
    }
  }
  return undefined;
};

/** `telling` leaves a lone word that says nothing. */
const isStop = (term: string): boolean => !telling([term, 'folder']).includes(term);
