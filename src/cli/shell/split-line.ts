/** A line of the shell as words: as a POSIX shell splits it, but JSON and calls written as calls stay whole. */
import { splitWords } from '../words.ts';

const BRACKETS: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };

/** Splits a line. Throws `invalid_arguments` for a quote that is not closed. */
export const splitLine = (line: string): string[] => {
  const words: string[] = [];
  let at = 0;
  while (at < line.length) {
    const rest = line.slice(at);
    const space = /^\s+/.exec(rest)?.[0].length ?? 0;
    if (space > 0) {
      at += space;
      continue;
    }
    const json = /^(?:[^\s'"\\=:([{]+:?=)?[[{]/.exec(rest)?.[0];
    const opening = json === undefined ? callOpening(rest) : json.length - 1;
    const end = opening === undefined ? undefined : closing(rest, opening);
    if (end !== undefined && /^(\s|$)/.test(rest.slice(end))) {
      words.push(rest.slice(0, end));
      at += end;
      continue;
    }
    const length = wordLength(rest);
    words.push(...splitWords(rest.slice(0, length)));
    at += length;
  }
  return words;
};

/** Where the bracket of `server.tool(` stands. */
const callOpening = (rest: string): number | undefined => {
  const [name] = /^[A-Za-z0-9_$][\w$./-]*\(/.exec(rest) ?? [];
  return name === undefined ? undefined : name.length - 1;
};

/** Behind the bracket that closes the one at `from`; none where it is not closed. */
const closing = (text: string, from: number): number | undefined => {
  const open: string[] = [];
  let quote: string | undefined;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (quote !== undefined) {
      if (char === '\\') at += 1;
      else if (char === quote) quote = undefined;
    } else if (char === '"' || (char === "'" && open[0] === ')')) quote = char;
    else if (BRACKETS[char] !== undefined) open.push(BRACKETS[char]);
    else if (char === open.at(-1)) open.pop();
    if (open.length === 0) return at + 1;
  }
  return undefined;
};

/** Up to the first space that no quote holds. */
const wordLength = (rest: string): number => {
  let quote: string | undefined;
  for (let at = 0; at < rest.length; at += 1) {
    const char = rest[at] ?? '';
    if (quote !== undefined) {
      if (quote === '"' && char === '\\') at += 1;
      else if (char === quote) quote = undefined;
    } else if (char === '\\') at += 1;
    else if (char === "'" || char === '"') quote = char;
    else if (/\s/.test(char)) return at;
  }
  return rest.length;
};
