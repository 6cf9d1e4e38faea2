/** Tables of Markdown, as wide as there is room. */
import type { Tokens } from 'marked';
import { widthOf } from '../safe-text.ts';
import { NARROWEST_COLUMN, shrink } from '../table.ts';
import type { BlockOptions } from './blocks.ts';
import { runsOf, textOf } from './inline.ts';
import { paintLine } from './paint.ts';
import { type Look, type Run, wrap } from './wrap.ts';

const GAP = ' │ ';

/** Lines of a table whose cells are wrapped; where its columns have no room beside each other, each row is a list of them. */
export const tableLines = ({ header, rows, align }: Tokens.Table, width: number, options: BlockOptions): string[] => {
  const { style } = options;
  const cellRuns = (cells: readonly Tokens.TableCell[], look: Look): Run[][] =>
    cells.map(({ tokens }) => runsOf(tokens, options, look));
  const head = cellRuns(header, options.plain ? {} : { bold: true });
  const body = rows.map((row) => cellRuns(row, {}));
  const widest = header.map((_, at) =>
    [head, ...body].reduce((most, row) => Math.max(most, ...lineWidths(row[at] ?? [])), 1),
  );
  const available = width - GAP.length * (header.length - 1);
  shrink(widest, available);
  if (widest.reduce((sum, one) => sum + one, 0) > available) return asLists(head, body, width, options);

  const line = (cells: readonly Run[][]): string[] => {
    const wrapped = cells.map((cell, at) => wrap(cell, widest[at] ?? NARROWEST_COLUMN));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, row) =>
      wrapped
        .map((lines, at) => aligned(lines[row] ?? [], widest[at] ?? 0, align[at] ?? 'left', options))
        .join(style.dim(GAP))
        .replace(/ +$/, ''),
    );
  };
  const rule = style.dim(widest.map((columns) => '─'.repeat(columns)).join('─┼─'));
  return [...line(head), rule, ...body.flatMap(line)];
};

const lineWidths = (runs: readonly Run[]): number[] => textOf(runs).split('\n').map(widthOf);

const aligned = (line: readonly Run[], columns: number, align: string, options: BlockOptions): string => {
  const space = Math.max(0, columns - widthOf(textOf(line)));
  const before = align === 'right' ? space : align === 'center' ? Math.floor(space / 2) : 0;
  return ' '.repeat(before) + paintLine(line, options) + ' '.repeat(space - before);
};

const asLists = (head: readonly Run[][], body: readonly Run[][][], width: number, options: BlockOptions): string[] =>
  (body.length === 0 ? [head.map(() => [])] : body).flatMap((row: readonly Run[][], at) => {
    const lines = row.flatMap((cell, column) =>
      wrap([...(head[column] ?? []), { text: ': ', look: {} }, ...cell], width).map((line) => paintLine(line, options)),
    );
    return at === 0 ? lines : ['', ...lines];
  });
