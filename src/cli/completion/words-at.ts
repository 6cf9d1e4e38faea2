/** A line that is being typed, as words: complete ones, and the one under the cursor, whose quote may still be open. */

export interface WordsAt {
  words: string[];
  /** Without its quotes. */
  current: string;
  /** The quote that is open at the cursor. */
  quote?: "'" | '"';
  /** How much of the current word stands before that quote. */
  beforeQuote?: number;
}

/** Splits as a POSIX shell does, or as fish, where a backslash counts between single quotes too; what is not finished is taken for what it is so far. */
export const wordsAt = (line: string, { fish = false } = {}): WordsAt => {
  const escapable = { '"': '"\\$`', "'": fish ? "'\\" : '' };
  const words: string[] = [];
  let word: string | undefined;
  let quote: "'" | '"' | undefined;
  let beforeQuote = 0;
  const add = (text: string): void => {
    word = (word ?? '') + text;
  };
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? '';
    const next = line[at + 1];
    if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else if (char === '\\' && next !== undefined && escapable[quote].includes(next)) {
        add(next);
        at += 1;
      } else add(char);
    } else if (char === "'" || char === '"') {
      add('');
      quote = char;
      beforeQuote = word?.length ?? 0;
    } else if (char === '\\') {
      add(next ?? '');
      at += 1;
    } else if (' \t\n\r'.includes(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else add(char);
  }
  return { words, current: word ?? '', ...(quote !== undefined && { quote, beforeQuote }) };
};
