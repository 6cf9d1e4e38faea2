/** Cuts a text that is too long for a model: its beginning and its end stay, in whole lines, or whole elements of a list. */
import type { JsonObject } from '../../protocol/types.ts';
import { estimateTokens } from './tokens.ts';

const HEAD = 0.6;
const TAIL = 0.2;
/** A line is kept whole where that costs at most so much of a piece. */
const MOST_FOR_A_LINE = 0.5;

/** A text of at most `maxTokens`, beside the line that tells what is missing, which `gap` writes. */
export const cutText = (text: string, maxTokens: number, gap: (missing: string, from: number) => string): string =>
  cutElements(text, maxTokens, gap) ?? cutLines(text, maxTokens, gap);

const cutLines = (text: string, maxTokens: number, gap: (missing: string, from: number) => string): string => {
  const head = inLines(text, fitting(text, maxTokens * HEAD, false));
  const rest = text.slice(head.length);
  const tail = fromLine(fitting(rest, maxTokens * TAIL, true));
  const missing = rest.length - tail.length;
  if (missing === 0) return text;
  return `${head}${head.endsWith('\n') || head === '' ? '' : '\n'}${gap(`${count(missing)} characters`, head.length)}\n${tail}`;
};

/** The longest beginning, or end, whose estimate is within `maxTokens`, roughly. */
const fitting = (text: string, maxTokens: number, atEnd: boolean): string => {
  // A character costs an eighth of a token or more, but for spaces.
  let length = Math.min(text.length, Math.floor(maxTokens * 8));
  for (;;) {
    const piece = atEnd ? text.slice(text.length - length) : text.slice(0, length);
    const tokens = estimateTokens(piece);
    if (tokens <= maxTokens || length === 0) return whole(piece, atEnd);
    length = Math.min(length - 1, Math.floor(((length * maxTokens) / tokens) * 0.98));
  }
};

/** Without half a character at the cut. */
const whole = (piece: string, atEnd: boolean): string => {
  if (atEnd) return /^[\udc00-\udfff]/.test(piece) ? piece.slice(1) : piece;
  return /[\ud800-\udbff]$/.test(piece) ? piece.slice(0, -1) : piece;
};

const inLines = (text: string, piece: string): string => {
  if (piece.length === text.length) return piece;
  const end = piece.lastIndexOf('\n') + 1;
  return end < piece.length * MOST_FOR_A_LINE ? piece : piece.slice(0, end);
};
const fromLine = (piece: string): string => {
  const end = piece.indexOf('\n') + 1;
  return end > piece.length * MOST_FOR_A_LINE ? piece : piece.slice(end);
};

/** Undefined where the text is neither a list in JSON nor an object that is mostly one, or where no two elements fit. */
const cutElements = (text: string, maxTokens: number, gap: (missing: string, from: number) => string) => {
  const found = longestList(text);
  if (found === undefined) return undefined;
  const { before, items, after } = found;
  const left = maxTokens - estimateTokens(before) - estimateTokens(after);
  const head = taken(items, left * HEAD);
  const tail = taken(items.slice(head.length).reverse(), left * TAIL).reverse();
  const missing = items.length - head.length - tail.length;
  if (head.length < 2 || missing === 0) return undefined;
  const told = gap(`${count(missing)} more of ${count(items.length)} elements`, 0);
  return `${before}${head.join(',\n')},\n${told}\n${tail.join(',\n')}${after}`;
};

/** The first elements that cost no more. */
const taken = (items: readonly string[], maxTokens: number): string[] => {
  let tokens = 0;
  const end = items.findIndex((item) => {
    tokens += estimateTokens(item) + 1;
    return tokens > maxTokens;
  });
  return items.slice(0, end < 0 ? items.length : end);
};

interface LongList {
  before: string;
  items: string[];
  after: string;
}
const longestList = (text: string): LongList | undefined => {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return { before: '[', items: texts(value), after: ']' };
    const fields = Object.entries(value as JsonObject).map(([key, inner]) => ({
      name: `${JSON.stringify(key)}:`,
      text: JSON.stringify(inner),
      list: Array.isArray(inner) ? inner : undefined,
    }));
    const longest = fields.reduce((one, other) => (other.text.length > one.text.length ? other : one));
    if (longest.list === undefined) return undefined;
    const at = fields.indexOf(longest);
    const written = (some: typeof fields): string[] => some.map(({ name, text }) => name + text);
    return {
      before: `{${[...written(fields.slice(0, at)), longest.name].join(',')}[`,
      items: texts(longest.list),
      after: `${[']', ...written(fields.slice(at + 1))].join(',')}}`,
    };
  } catch {
    // No JSON, or nested too deeply to be written again: it has lines.
    return undefined;
  }
};
const texts = (items: unknown[]): string[] => items.map((item) => JSON.stringify(item));

/** `12 345`. */
export const count = (number: number): string => String(number).replace(/\B(?=(\d{3})+$)/g, ' ');
