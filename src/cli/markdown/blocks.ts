/** The blocks of Markdown as lines. */
import type { Token, Tokens } from 'marked';
import { safeText } from '../safe-text.ts';
import type { Style } from '../style.ts';
import { type InlineOptions, runsOf } from './inline.ts';
import { paintLine } from './paint.ts';
import { tableLines } from './table.ts';
import { type Look, pieces, type Run, wrap } from './wrap.ts';

/** Blocks within blocks; what is deeper stays as it is written. */
const MAX_DEPTH = 16;
/** The narrowest text: what stands around it gives way first. */
const NARROWEST = 12;
const TAB = '    ';

export interface BlockOptions extends InlineOptions {
  style: Style;
  /** Links may be those of the terminal. */
  hyperlinks: boolean;
}

/** Lines of at most `width` columns. Blocks are set apart by a line unless they stand in a `tight` list. */
export const blockLines = (
  tokens: readonly Token[],
  width: number,
  options: BlockOptions,
  depth = 0,
  tight = false,
): string[] => {
  const lines: string[] = [];
  for (const token of tokens) {
    if (token.type === 'space' || token.type === 'checkbox') continue;
    if (lines.length > 0 && !tight) lines.push('');
    lines.push(...(depth > MAX_DEPTH ? sourceLines(token.raw, width, options) : linesOf(token, width, options, depth)));
  }
  return lines;
};

const linesOf = (token: Token, width: number, options: BlockOptions, depth: number): string[] => {
  const { style } = options;
  switch (token.type) {
    case 'heading':
      return around(`${style.dim('#'.repeat(token.depth))} `, token.depth + 1, width, (inner) =>
        flowLines(token.tokens ?? [], inner, options, options.plain ? {} : { bold: true }),
      );
    case 'paragraph':
      return flowLines(token.tokens ?? [], width, options);
    case 'text':
      return flowLines(token.tokens ?? [token], width, options);
    case 'code':
      return codeLines(token.text, width, options);
    case 'blockquote':
      return around([`${style.dim('│')} `], 2, width, (inner) =>
        blockLines(token.tokens ?? [], inner, options, depth + 1),
      );
    case 'list':
      return listLines(token as Tokens.List, width, options, depth);
    case 'table':
      return tableLines(token as Tokens.Table, width, options);
    case 'hr':
      return [style.dim('─'.repeat(width))];
    default:
      // HTML, comments and definitions as well: what a model may read, a person may see.
      return sourceLines(token.raw, width, options);
  }
};

/** Text with its marks, wrapped. */
const flowLines = (tokens: readonly Token[], width: number, options: BlockOptions, look: Look = {}): string[] =>
  wrap(runsOf(tokens, options, look), width).map((line) => paintLine(line, options));

/** As it is written, wrapped. */
const sourceLines = (source: string, width: number, options: BlockOptions): string[] => {
  const run: Run = { text: safeText(source.trim()).replaceAll('\t', TAB), look: {} };
  return wrap([run], width).map((line) => paintLine(line, options));
};

/** Code is never wrapped at spaces, and keeps them. */
export const codeLines = (code: string, width: number, { style }: BlockOptions): string[] =>
  around([TAB], TAB.length, width, (inner) =>
    safeText(code)
      .replaceAll('\t', TAB)
      .split('\n')
      .flatMap((line) => pieces(line, inner))
      .map(style.cyan),
  );

const listLines = (
  { items, ordered, start, loose }: Tokens.List,
  width: number,
  options: BlockOptions,
  depth: number,
) => {
  const first = start === '' ? 1 : start;
  const numberColumns = ordered ? String(first + items.length - 1).length : 0;
  return items.flatMap((item, at) => {
    const mark = ordered ? `${String(first + at).padStart(numberColumns)}.` : '•';
    const box = item.task ? `[${item.checked === true ? 'x' : ' '}] ` : '';
    const lines = around(`${mark} ${box}`, mark.length + 1 + box.length, width, (inner) =>
      blockLines(item.tokens, inner, options, depth + 1, !loose),
    );
    return loose && at > 0 ? ['', ...lines] : lines;
  });
};

/** Lines behind a prefix, which a text alone is for the first line only. Where there is no room for it, it is left out. */
const around = (
  prefix: string | [each: string],
  columns: number,
  width: number,
  lines: (inner: number) => string[],
): string[] => {
  if (width - columns < NARROWEST) return lines(width);
  const [each, first] = typeof prefix === 'string' ? [' '.repeat(columns), prefix] : [prefix[0], prefix[0]];
  const found = lines(width - columns);
  if (found.length === 0) return [first.trimEnd()];
  return found.map((line, at) => `${at === 0 ? first : each}${line}`.replace(/ +$/, ''));
};
