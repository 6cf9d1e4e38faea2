/** Tables of structured content, where it is a list of flat objects, as wide as the terminal. */
import type { JsonObject } from '../protocol/types.ts';
import { safeLine, widthOf } from './safe-text.ts';
import type { Style } from './style.ts';

const MOST_COLUMNS = 24;
/** No column gives more than that. */
export const NARROWEST_COLUMN = 6;
const WIDEST = 60;
const GAP = '  ';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isFlat = (row: JsonObject): boolean =>
  Object.values(row).every((value) => typeof value !== 'object' || value === null);

/** The rows of a list of flat objects, which may be the only member of an object; none where it is no table. */
export const rowsOf = (content: unknown): JsonObject[] | undefined => {
  const members = isObject(content) ? Object.values(content) : [content];
  const [list] = members;
  if (members.length !== 1 || !Array.isArray(list) || list.length === 0) return undefined;
  if (!list.every((row): row is JsonObject => isObject(row) && isFlat(row))) return undefined;
  const keys = new Set(list.flatMap((row) => Object.keys(row)));
  return keys.size > 0 && keys.size <= MOST_COLUMNS ? list : undefined;
};

const cellOf = (row: JsonObject, key: string): string => {
  const value = Object.hasOwn(row, key) ? row[key] : undefined;
  return value === undefined || value === null ? '' : safeLine(String(value));
};

/** Lines of a table: a heading, then the rows; numbers to the right, what is too wide cut. */
export const tableLines = (rows: readonly JsonObject[], columns: number, style: Style): string[] => {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => keys.map((key) => cellOf(row, key)));
  const heads = keys.map((key) => safeLine(key));
  const isNumeric = keys.map((key) => rows.every((row) => ['number', 'undefined'].includes(typeof row[key])));
  const widths = heads.map((head, at) =>
    Math.min(
      WIDEST,
      cells.reduce((most, line) => Math.max(most, widthOf(line[at] ?? '')), widthOf(head)),
    ),
  );
  shrink(widths, columns - GAP.length * (keys.length - 1));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, at) => {
        const cut = safeLine(text, widths[at]);
        const space = ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cut)));
        return isNumeric[at] ? space + cut : cut + space;
      })
      .join(GAP)
      .trimEnd();
  return [style.bold(line(heads)), ...cells.map(line)];
};

/** Takes from the widest column until all fit, or none can give more. */
export const shrink = (widths: number[], available: number): void => {
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const width = widths[widest] ?? 0;
    if (width <= NARROWEST_COLUMN) return;
    widths[widest] = width - 1;
    excess -= 1;
  }
};
