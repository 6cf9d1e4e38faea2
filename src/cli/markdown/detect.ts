/** Whether text that nobody declared is Markdown. */

const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;
const DELIMITERS = /^ {0,3}\|? *:?-+:? *(\| *:?-+:? *)*\|? *$/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+\S/;
const ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]+\S/;
const INLINE =
  /\*\*[^*\s][^*\n]{0,200}\*\*|`[^`\n]{1,200}`|\[[^[\]\n]{1,200}\]\((?:https?:|mailto:|[./#])[^()\s]{0,500}\)/;
/** How other formats begin: scripts, patches, markup. */
const OTHER = /^(?:#!|diff --git |--- \S+\n\+\+\+ |<\?|<!doctype)/i;

const isBlank = (line: string | undefined): boolean => line === undefined || line.trim() === '';

/**
 * True for text that clearly has the blocks of Markdown: a fenced piece of code, a table, or two of: headings set apart, a
 * list, inline marks. Comments of a script and the lists of YAML alone are neither.
 */
export const isMarkdown = (text: string): boolean => {
  if (OTHER.test(text)) return false;
  const lines = text.split(/\r?\n/);
  let headings = 0;
  let items = 0;
  let fence: string | undefined;
  for (const [at, line] of lines.entries()) {
    const [, marks] = FENCE.exec(line) ?? [];
    if (fence !== undefined) {
      if (marks?.startsWith(fence) && line.trim() === marks) return true;
      continue;
    }
    if (marks !== undefined) fence = marks;
    else if (line.includes('|') && DELIMITERS.test(line) && isHeaderOf(lines[at - 1], line)) return true;
    else if (HEADING.test(line)) headings += isBlank(lines[at - 1]) && isBlank(lines[at + 1]) ? 1 : 0;
    else if (ITEM.test(line)) items += 1;
  }
  const signs = [headings > 0, headings > 1, items > 1, INLINE.test(text)];
  return signs.filter((sign) => sign).length >= 2;
};

const cellsOf = (line: string): number =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|').length;

const isHeaderOf = (line: string | undefined, delimiters: string): boolean =>
  line?.includes('|') === true && cellsOf(line) === cellsOf(delimiters);
