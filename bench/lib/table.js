// Plain tables for a terminal and for a page alike.

/** A number with as many digits as it deserves. */
export const figure = (value) => {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US').replaceAll(',', ' ');
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
};

export const bytes = (payload) => {
  if (payload >= 1_000_000) return `${payload / 1_000_000} MB`;
  return payload >= 1000 ? `${payload / 1000} kB` : `${payload} B`;
};

/**
 * The first column is text, the others are set to the right.
 * @param {string[]} head
 * @param {string[][]} rows
 */
export const table = (head, rows) => {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const line = (cells) =>
    `  ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('   ')}`.trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
};
