/** A request cut into steps, one for each thing to be done. */
import { termsOf } from '../../search/terms.ts';
import { stemsOf } from '../../search/words.ts';
import type { Moment } from './moment.ts';
import { type Scanned, scan } from './spans.ts';

export interface Cut {
  steps: Scanned[];
  /** What is not done, in words: what the request says not to do, or to do for each of many. */
  left: string[];
}

const SURE =
  /\s*;\s*|\s*\n+\s*(?:[-*•]|\d+[.)])?\s*|,?\s*\b(?:and )?(?:then|after that|afterwards|finally)\b,?\s*|(?<=[\p{L}\p{N}\ufffc])[.!?]\s+(?=\p{Lu})/giu;
const MAYBE = /,?\s+and\s+|,\s*(?:but\s+)?(?:just\s+|only\s+)?/giu;
const OPENING =
  /^(?:\s|,|\b(?:please|can|could|would|will|you|i|want|need|would like|to|i'd|like|let's|let|us|just|now|also|hey|ok|okay|first|next|only|and)\b)+/i;
const NOT = /^(?:don['’]?t|do not|never|avoid)\b/i;
const LOOP = /\b(?:for|of) (?:each|every|all)\b|\bone by one\b/i;

const MAX_STEPS = 10;

/** The words of a step without what is polite. */
export const leadsOf = (words: string): string[] => termsOf(words.replace(OPENING, ''));
/** The first of them. */
export const leadOf = (words: string): string | undefined => leadsOf(words)[0];

const split = (
  text: string,
  words: string,
  separator: RegExp,
  isEnd: (left: string, right: string) => boolean,
): [number, number][] => {
  const pieces: [number, number][] = [];
  let start = 0;
  for (const match of words.matchAll(separator)) {
    const end = match.index + match[0].length;
    if (match.index < start || !isEnd(words.slice(start, match.index), words.slice(end))) continue;
    pieces.push([start, match.index]);
    start = end;
  }
  return [...pieces, [start, text.length]];
};

export const cut = (text: string, moment: Moment, isVerb: (term: string) => boolean): Cut => {
  const { words } = scan(text, moment);
  const begins = (part: string): boolean => {
    const lead = leadOf(part);
    return lead !== undefined && (isVerb(lead) || stemsOf(lead).some(isVerb) || NOT.test(part.replace(OPENING, '')));
  };
  const sure = split(text, words, SURE, () => true);
  const pieces = sure.flatMap(([from, to]) =>
    split(
      text.slice(from, to),
      words.slice(from, to),
      MAYBE,
      (left, right) => begins(left) && begins(right) && right.trim().includes(' '),
    ).map(([start, end]) => text.slice(from + start, from + end).trim()),
  );
  const wanted = pieces.filter((piece) => /[\p{L}\p{N}]/u.test(piece));
  const left: string[] = [];
  const steps = wanted.flatMap((piece) => {
    const scanned = scan(piece, moment);
    if (NOT.test(scanned.words.replace(OPENING, ''))) left.push(`Not done, as you said: ${piece}`);
    else if (LOOP.test(scanned.words)) left.push(`I do one thing at a time and cannot repeat it: ${piece}`);
    else return [scanned];
    return [];
  });
  if (steps.length > MAX_STEPS) left.push(`I take ${MAX_STEPS} steps at most; the rest is left out.`);
  return { steps: steps.slice(0, MAX_STEPS), left };
};
