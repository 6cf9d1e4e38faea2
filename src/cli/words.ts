/** A line of words, split as a POSIX shell splits it: quotes and escapes, and nothing else that shells do. */
import { ToolwayError } from '../errors.ts';

const unfinished = (what: string, line: string): ToolwayError =>
  new ToolwayError('invalid_arguments', `${what} in ${JSON.stringify(line)}`, { executed: 'no' });

/** Splits a line (POSIX.1-2017, 2.2 Quoting). Variables, globs, operators and comments stay the characters they are. */
export const splitWords = (line: string): string[] => {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  const quoted = (quote: string): string => {
    let text = '';
    for (at += 1; at < line.length; at += 1) {
      const char = line[at] ?? '';
      if (char === quote) return text;
      const next = line[at + 1];
      if (quote === '"' && char === '\\' && next !== undefined && '"\\$`\n'.includes(next)) {
        if (next !== '\n') text += next;
        at += 1;
      } else text += char;
    }
    throw unfinished(`a ${quote} is not closed`, line);
  };
  for (; at < line.length; at += 1) {
    const char = line[at] ?? '';
    if (' \t\r\n'.includes(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'" || char === '"') word = (word ?? '') + quoted(char);
    else if (char === '\\') {
      at += 1;
      const next = line[at];
      if (next === undefined) throw unfinished('nothing follows the last \\', line);
      if (next !== '\n') word = (word ?? '') + next;
    } else word = (word ?? '') + char;
  }
  if (word !== undefined) words.push(word);
  return words;
};
