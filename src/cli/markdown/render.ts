/** Markdown for a terminal. Loaded with the first text that is rendered. */
import { Lexer, type Token } from 'marked';
import { safeText } from '../safe-text.ts';
import type { Style } from '../style.ts';
import { within } from '../within.ts';
import { blockLines, codeLines } from './blocks.ts';

/** A longer text is printed as it is. In UTF-16 units. */
export const MAX_MARKDOWN_LENGTH = 256 * 1024;
/** Reading and rendering end by force after that, and the text is printed as it is. */
const MAX_TIME_MS = 1_000;
/** So is one that would become longer than this. */
const MAX_RENDERED_LENGTH = 4 * 1024 * 1024;
/** Nor is one whose tables could have more cells: each row has as many as the head, whatever it holds. */
const MAX_TABLE_CELLS = 250_000;
/** Before each line: nothing of it stands where Toolway's own lines begin. */
const MARGIN = '  ';
const FEWEST_COLUMNS = 20;

export interface RenderOptions {
  style: Style;
  /** Width of the terminal. */
  columns: number;
  /** Addresses of links become links of the terminal (OSC 8). */
  hyperlinks: boolean;
  /** Line ends within a paragraph stay. */
  breaks: boolean;
  /** Tests bring a smaller one. */
  maxTimeMs?: number;
}

/** The text rendered, each line with a margin and within the width; none where it has to be printed as it is. */
export const renderMarkdown = (
  source: string,
  { style, columns, hyperlinks, breaks, maxTimeMs = MAX_TIME_MS }: RenderOptions,
): string | undefined => {
  if (source.length > MAX_MARKDOWN_LENGTH || columns < FEWEST_COLUMNS) return undefined;
  const text = safeText(source);
  if (hasHugeTable(text)) return undefined;
  const width = columns - MARGIN.length;
  const options = { style, hyperlinks, breaks, plain: !style.enabled };
  const [, matter, rest = text] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text) ?? [];
  try {
    const lines = within(maxTimeMs, () => {
      const front = matter === undefined ? [] : [...codeLines(matter, width, options), ''];
      return [...front, ...blockLines(new Lexer({ gfm: true }).lex(rest) as Token[], width, options)];
    });
    const rendered = lines.map((line) => (line === '' ? '' : MARGIN + line)).join('\n');
    return rendered.length > MAX_RENDERED_LENGTH ? undefined : rendered;
  } catch {
    // It took too long, or was nested more deeply than the stack holds.
    return undefined;
  }
};

const hasHugeTable = (text: string): boolean => {
  const lines = text.split('\n');
  const columns = lines.filter((line) => /^[\d >|:*+.)-]+$/.test(line)).map((line) => line.split('|').length);
  return columns.reduce((most, one) => Math.max(most, one), 0) * lines.length > MAX_TABLE_CELLS;
};
