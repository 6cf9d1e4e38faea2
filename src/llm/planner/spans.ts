/** What stands in a request that is no word of it: quotations, paths, addresses, numbers, dates. */
import { datesIn } from './dates.ts';
import type { Moment } from './moment.ts';

export type SpanKind =
  | 'quote'
  | 'pair'
  | 'json'
  | 'url'
  | 'email'
  | 'glob'
  | 'path'
  | 'date'
  | 'number'
  | 'id'
  | 'name';

export interface Span {
  kind: SpanKind;
  /** As the request has it. */
  text: string;
  /** Without its quotes; of a date in ISO 8601, of a number its digits. */
  value: string;
  start: number;
  end: number;
  /** Of a pair; of a name `called`, where it is said to be one. */
  key?: string;
  /** Of a number: `ms`, `s`, `min`, `h`, `d`, `b`, `kb`, `mb`, `gb`, `%`. */
  unit?: string;
}

/** A request and its spans in their order; in `words` they are blanks, so that places are the same in both. */
export interface Scanned {
  text: string;
  words: string;
  spans: Span[];
}

const trimEnd = (text: string): string => text.replace(/[.,;:!?)\]}'"”»]+$/, '');
const NUMBER_WORDS = 'two three four five six seven eight nine ten eleven twelve'.split(' ');
const UNITS: [RegExp, string][] = [
  [/^(?:ms|milliseconds?)$/i, 'ms'],
  [/^(?:s|secs?|seconds?)$/i, 's'],
  [/^(?:mins?|minutes?)$/i, 'min'],
  [/^(?:h|hrs?|hours?)$/i, 'h'],
  [/^(?:days?)$/i, 'd'],
  [/^bytes?$/i, 'b'],
  [/^(?:kb|kib)$/i, 'kb'],
  [/^(?:mb|mib)$/i, 'mb'],
  [/^(?:gb|gib)$/i, 'gb'],
  [/^%$/, '%'],
];
const unitOf = (text: string): string | undefined => UNITS.find(([pattern]) => pattern.test(text))?.[1];

type Found = Omit<Span, 'start' | 'end' | 'text'> & { length?: number };
type Rule = [pattern: RegExp, read: (match: RegExpExecArray) => Found | undefined];

const QUOTED = String.raw`"[^"\n]*"|“[^”\n]*”|«[^»\n]*»|„[^“”\n]*[“”]|\x60[^\x60\n]+\x60|(?<![\p{L}\p{N}])'[^'\n]+'(?![\p{L}\p{N}])`;
const unquoted = (text: string): string => (/^["“«„`'].*["”»“`']$/s.test(text) ? text.slice(1, -1) : text);

/** Whether a quotation may be the path of something. */
export const looksLikePath = (text: string): boolean =>
  /^(?:(?:~|\.{1,2})?\/|[A-Za-z]:\\)[^\n]*$|^[^\n]*[^\s.]\.(?=\w*[a-z])\w{1,5}$/i.test(text);

/** JSON that begins here, to the bracket that closes it. */
const jsonAt = (text: string, from: number): string | undefined => {
  for (let at = from + 1; at < text.length && at < from + 10_000; at += 1) {
    if (text[at] !== '}' && text[at] !== ']') continue;
    const candidate = text.slice(from, at + 1);
    try {
      JSON.parse(candidate);
      return candidate;
    } catch {
      // A bracket within it.
    }
  }
  return undefined;
};

const trimmed = (kind: SpanKind) => (match: RegExpExecArray) => {
  const value = trimEnd(match[0]);
  return value === '' ? undefined : { kind, value, length: value.length };
};

/** What it is called: words with capital letters, or those to the one that begins something else. Before `and`, it is not told what the name is. */
const CALLED =
  /(?<=\b(?:named|called|titled)\s)(?:\p{Lu}[\p{L}\p{N}_'’-]*(?:\s\p{Lu}[\p{L}\p{N}_'’-]*)*|[\p{L}\p{N}][\p{L}\p{N}_'’-]*(?:\s(?!(?:of|with|in|inside|under|at|to|from|as|for|type|that|which|who|by|on|and|or|then|please)\b)[\p{L}\p{N}][\p{L}\p{N}_'’-]*)*)(?=\s*(?:$|[.;:?!()]|\s(?!and|or)\p{L}))/gu;

/** Longest and surest first: what one has taken is nobody else's. */
const RULES: Rule[] = [
  [/```(?:\w*\n)?([\s\S]*?)```/gu, ([, inner = '']) => ({ kind: 'quote', value: inner.trim() })],
  [
    new RegExp(String.raw`(?<![\w./?&#-])([A-Za-z_][\w-]*)=(${QUOTED}|[[{][^\s]*[\]}]|[^\s,;]+)`, 'gu'),
    ([, key = '', value = '']) => ({ kind: 'pair', key, value: unquoted(value) }),
  ],
  [new RegExp(QUOTED, 'gu'), ([text]) => ({ kind: 'quote', value: unquoted(text) })],
  [
    /[[{]/gu,
    (match) => {
      const value = jsonAt(match.input, match.index);
      return value === undefined ? undefined : { kind: 'json', value, length: value.length };
    },
  ],
  [/(?<![\w])(?:[a-z][a-z0-9+.-]*:\/\/|data:|mailto:)[^\s<>"']+/giu, trimmed('url')],
  [/(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+/gu, ([value]) => ({ kind: 'email', value })],
  [/(?<![^\s(,])[^\s,;]*\*[^\s,;]*/gu, trimmed('glob')],
  [/(?<![\w:/])(?:~|\.{1,2})?\/[^\s,;]*|(?<!\w)[A-Za-z]:\\[^\s,;]+/gu, pathAt],
  [/(?<![\w/])[\w@-][\w.@-]*\/[\w./@-]*(?:\.\w{1,6}|\/)(?![\w/])|(?<![\w/])(?:[\w-]+\/){2,}[\w.-]+/gu, trimmed('path')],
  [/(?<![\w.])[\w-]+(?:\.[\w-]+)*\.(?=\w*[a-z])[A-Za-z0-9]{1,5}(?![\w])/gu, trimmed('path')],
  [
    /\b(?:the |this )?(?:current|working) (?:directory|folder)\b|\bthis (?:directory|folder)\b|(?<=\b(?:files|folders|directories|is) )here\b/giu,
    () => ({ kind: 'path', value: '.' }),
  ],
  [
    /(?<=\b(?:in|inside|of|under|within|from|into|to|at|directory|folder|path|list|ls)\s)(?:~|\.{1,2})(?=$|[\s,;?!])/giu,
    ([value]) => ({ kind: 'path', value }),
  ],
  [CALLED, ([value]) => ({ kind: 'name', value, key: 'called' })],
  [/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/giu, ([value]) => ({ kind: 'id', value })],
  [/(?<![\w&])#([\w-]*\d)\b/gu, ([, value = '']) => ({ kind: 'id', value })],
  [/\b[A-Z][A-Z0-9]+-\d+\b/gu, ([value]) => ({ kind: 'id', value })],
  [/(?<![\w.,])([+-]?\d+(?:\.\d+)?)(?:\s?(%|[a-z]+)(?!\w))?/giu, numberAt],
  [
    /\b(half an?|half of an?|an?) (milliseconds?|seconds?|minutes?|hours?)\b/giu,
    ([, count = '', unit = '']) => ({
      kind: 'number',
      value: /^half/i.test(count) ? '0.5' : '1',
      unit: unitOf(unit) ?? '',
    }),
  ],
  // How many is not told: it fits nowhere, and so is asked about.
  [
    /\b(?:a few|several|a couple of|some) (?:milliseconds|seconds|minutes|hours|days|weeks)\b/giu,
    ([value]) => ({ kind: 'number', value }),
  ],
  [
    new RegExp(String.raw`\b(?:${NUMBER_WORDS.join('|')})\b`, 'giu'),
    ([word]) => ({ kind: 'number', value: String(NUMBER_WORDS.indexOf(word.toLowerCase()) + 2) }),
  ],
  [
    /(?<!^|[.!?]\s)(?<![\p{L}\p{N}'’-])\p{Lu}[\p{L}\p{N}'’-]*(?:\s\p{Lu}[\p{L}\p{N}'’-]*)*/gu,
    ([value]) => (value === 'I' ? undefined : { kind: 'name', value: value.replace(/['’]s$/, '') }),
  ],
];

function pathAt([text]: RegExpExecArray): Found | undefined {
  const value = text === '/' ? text : trimEnd(text);
  return value === '' ? undefined : { kind: 'path', value, length: value.length };
}

function numberAt([, digits = '', after]: RegExpExecArray): Found | undefined {
  const unit = after === undefined ? undefined : unitOf(after);
  if (unit !== undefined) return { kind: 'number', value: digits, unit };
  return { kind: 'number', value: digits, length: digits.length };
}

const blank = (text: string, start: number, end: number): string =>
  text.slice(0, start) + '\ufffc'.repeat(end - start) + text.slice(end);

export const scan = (text: string, moment: Moment): Scanned => {
  const spans: Span[] = [];
  let words = text;
  const take = (start: number, length: number, found: Omit<Span, 'start' | 'end' | 'text'>): void => {
    const end = start + length;
    spans.push({ ...found, text: text.slice(start, end), start, end });
    words = blank(words, start, end);
  };
  const dates = (): void => {
    for (const { start, length, value } of datesIn(words, moment)) take(start, length, { kind: 'date', value });
  };
  for (const [at, [pattern, read]] of RULES.entries()) {
    if (at === RULES.findIndex(([, rule]) => rule === numberAt)) dates();
    for (const match of [...words.matchAll(pattern)]) {
      if (match[0].includes('\ufffc') && !/^[[{]/.test(match[0])) continue;
      const found = read(match as RegExpExecArray);
      if (found === undefined || words.slice(match.index, match.index + (found.length ?? 1)).includes('\ufffc'))
        continue;
      const { length = match[0].length, ...span } = found;
      take(match.index, length, span);
    }
  }
  return { text, words, spans: spans.sort((one, other) => one.start - other.start) };
};
