/** Runs of text in lines that fit. */
import { charactersOf } from '../safe-text.ts';

/** How a run looks. */
export interface Look {
  bold?: true;
  italic?: true;
  strike?: true;
  code?: true;
  /** Where it leads, in characters that no terminal obeys. */
  target?: string;
}

/** A piece of text, which has passed `safeText`, and how it looks. */
export interface Run {
  text: string;
  look: Look;
}

interface Cell extends Run {
  columns: number;
}

/** Lines of at most `width` columns, broken at spaces and beside wide characters, else anywhere; a line end in a run ends its line. */
export const wrap = (runs: readonly Run[], width: number): Run[][] => {
  const lines: Run[][] = [];
  let line: Cell[] = [];
  let used = 0;
  /** How many cells stand before the last place where the line may be broken. */
  let breakAt = 0;
  const begin = (cells: Cell[]): void => {
    line = cells;
    used = cells.reduce((sum, { columns }) => sum + columns, 0);
    breakAt = 0;
  };
  for (const { text, look } of runs) {
    for (const [character, columns] of charactersOf(text)) {
      if (character === '\n') {
        lines.push(joined(line));
        begin([]);
      } else if (character === ' ') {
        if (line.length === 0) continue;
        line.push({ text: ' ', look, columns: 1 });
        used += 1;
        breakAt = line.length;
      } else {
        if (columns > 1) breakAt = line.length;
        if (used + columns > width && line.length > 0) {
          const at = breakAt > 0 ? breakAt : line.length;
          lines.push(joined(line.slice(0, at)));
          begin(line.slice(at));
        }
        line.push({ text: character, look, columns });
        used += columns;
        if (columns > 1) breakAt = line.length;
      }
    }
  }
  if (line.length > 0 || lines.length === 0) lines.push(joined(line));
  return lines;
};

/** Cells as runs, without the spaces at the end. */
const joined = (cells: Cell[]): Run[] => {
  let end = cells.length;
  while (end > 0 && cells[end - 1]?.text === ' ') end -= 1;
  const runs: Run[] = [];
  for (const { text, look } of cells.slice(0, end)) {
    const last = runs.at(-1);
    if (last?.look === look) last.text += text;
    else runs.push({ text, look });
  }
  return runs;
};

/** A line in pieces of at most `width` columns, with all its spaces. */
export const pieces = (line: string, width: number): string[] => {
  const found: string[] = [];
  let piece = '';
  let used = 0;
  for (const [character, columns] of charactersOf(line)) {
    if (used + columns > width && piece !== '') {
      found.push(piece);
      piece = '';
      used = 0;
    }
    piece += character;
    used += columns;
  }
  return [...found, piece];
};
