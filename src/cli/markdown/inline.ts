/** The inside of paragraphs, headings and cells, as runs of safe text. */
import type { Token, Tokens } from 'marked';
import { safeText } from '../safe-text.ts';
import { addressOf, saysAddress } from './link.ts';
import type { Look, Run } from './wrap.ts';

/** Marks within marks; what is deeper stays as it is written. */
const MAX_DEPTH = 16;

export interface InlineOptions {
  /** Nothing can be shown but characters: marks stay. */
  plain: boolean;
  /** Line ends stay line ends. */
  breaks: boolean;
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  copy: '©',
  reg: '®',
  trade: '™',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  larr: '←',
  rarr: '→',
  bull: '•',
  middot: '·',
  times: '×',
};

/** Character references (CommonMark 2.5) that the lexer has left; of the named ones the common ones, the others stay. */
const decoded = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]{2,8}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return Object.hasOwn(NAMED, name) ? (NAMED[name] ?? whole) : whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code < 0x20 || code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
  });

/** What is left of text when it may be seen, in one line. */
const leaf = (text: string): string => safeText(text).replace(/[\n\t]+/g, ' ');

/** The text as a person reads it, without looks. */
export const textOf = (runs: readonly Run[]): string => runs.map(({ text }) => text).join('');

/** The runs of inline tokens. */
export const runsOf = (tokens: readonly Token[], options: InlineOptions, look: Look = {}, depth = 0): Run[] =>
  tokens.flatMap((token) => {
    if (depth > MAX_DEPTH) return [{ text: leaf(token.raw), look }];
    return runsOfToken(token, options, look, depth);
  });

const runsOfToken = (token: Token, options: InlineOptions, look: Look, depth: number): Run[] => {
  const within = (more: Look, mark: string): Run[] => {
    const { tokens = [] } = token as Tokens.Generic;
    if (!options.plain) return runsOf(tokens, options, { ...look, ...more }, depth + 1);
    return [{ text: mark, look }, ...runsOf(tokens, options, look, depth + 1), { text: mark, look }];
  };
  switch (token.type) {
    case 'strong':
      return within({ bold: true }, '**');
    case 'em':
      return within({ italic: true }, '*');
    case 'del':
      return within({ strike: true }, '~~');
    case 'codespan': {
      const mark = options.plain ? '`' : '';
      return [{ text: `${mark}${leaf(token.text)}${mark}`, look: options.plain ? look : { ...look, code: true } }];
    }
    case 'br':
      return [{ text: '\n', look }];
    case 'link':
      return linkRuns(token as Tokens.Link, options, look, depth);
    case 'image':
      return imageRuns(token as Tokens.Image, options, look, depth);
    case 'html':
      return [{ text: /^<br ?\/?>$/i.test(token.raw.trim()) ? '\n' : leaf(token.raw), look }];
    case 'escape':
      return [{ text: leaf(token.text), look }];
    case 'text':
      if (token.tokens !== undefined) return runsOf(token.tokens, options, look, depth + 1);
      return [{ text: lines(token.text, options), look }];
    case 'checkbox':
      return [];
    default:
      return [{ text: leaf(token.raw), look }];
  }
};

const lines = (text: string, { breaks }: InlineOptions): string =>
  text
    .split('\n')
    .map((line) => leaf(decoded(line)))
    .join(breaks ? '\n' : ' ');

const linkRuns = (token: Tokens.Link, options: InlineOptions, look: Look, depth: number): Run[] => {
  const address = addressOf(token.autolink === true ? token.href : decoded(token.href));
  const led: Look = address.target === undefined ? look : { ...look, target: address.target };
  const runs = runsOf(token.tokens, options, led, depth + 1);
  const text = textOf(runs);
  // A place in the same text is nowhere to go to.
  if (saysAddress(text, address) || (address.shown.startsWith('#') && text !== '')) return runs;
  const shown: Run = { text: address.shown, look: led };
  return text.trim() === '' ? [shown] : [...runs, { text: ' (', look }, shown, { text: ')', look }];
};

const imageRuns = ({ href, tokens }: Tokens.Image, options: InlineOptions, look: Look, depth: number): Run[] => {
  const { shown, target } = addressOf(decoded(href));
  const led: Look = target === undefined ? look : { ...look, target };
  const text = leaf(textOf(runsOf(tokens, options, {}, depth + 1)));
  const named = text === '' ? 'image' : `image: ${text}`;
  return [
    { text: `[${named}] (`, look },
    { text: shown, look: led },
    { text: ')', look },
  ];
};
