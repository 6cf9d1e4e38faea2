/** How many tokens a text is about, where no provider is asked: the shape of its words, as byte pair encodings cut them. */

/** What a run of one kind of characters costs, by its length. */
type Cost = (length: number) => number;

const word: Cost = (length) => (length <= 9 ? 1 : Math.ceil(length / 7));
const digits: Cost = (length) => Math.ceil(length / 3);
const marks: Cost = (length) => Math.ceil(length / 3.5);
/** One space is part of the word behind it. */
const spaces: Cost = (length) => (length === 1 ? 0 : Math.ceil(length / 16));
const cyrillic: Cost = (length) => Math.ceil(length / 5);
const wide: Cost = (length) => length * 0.8;
const other: Cost = (length) => length / 2;
const paired: Cost = (length) => length * 0.75;

/** Letters and digits in such a run without a space are no words: base64, hashes. */
const LONGEST_WORD = 36;
const CHARACTERS_OF_NONE = 1.45;

const isDigit = (code: number): boolean => code >= 48 && code < 58;
const isUpper = (code: number): boolean => code >= 65 && code < 91;
/** Latin letters with marks too. */
const isLower = (code: number): boolean => (code >= 97 && code < 123) || (code >= 0xc0 && code < 0x250);
const isOfWord = (code: number): boolean => isDigit(code) || isUpper(code) || isLower(code);

const costOf = (code: number): Cost => {
  if (code <= 32) return spaces;
  if (isDigit(code)) return digits;
  if (isUpper(code) || isLower(code)) return word;
  if (code < 128) return marks;
  if (code >= 0x370 && code < 0x530) return cyrillic;
  if (code >= 0xd800 && code < 0xe000) return paired;
  if ((code >= 0x2e80 && code < 0xd7b0) || (code >= 0xf900 && code < 0xfb00)) return wide;
  return other;
};

/** An estimate, in time linear in the length: within a fifth for prose, code and JSON; rather too many than too few. */
export const estimateTokens = (text: string): number => {
  let tokens = 0;
  let at = 0;
  while (at < text.length) {
    const start = at;
    const code = text.charCodeAt(at);
    if (isOfWord(code)) {
      while (at < text.length && isOfWord(text.charCodeAt(at))) at += 1;
      tokens += at - start > LONGEST_WORD ? Math.ceil((at - start) / CHARACTERS_OF_NONE) : inWords(text, start, at);
      continue;
    }
    const cost = costOf(code);
    for (at += 1; at < text.length; at += 1) if (costOf(text.charCodeAt(at)) !== cost) break;
    tokens += cost(at - start);
  }
  return Math.ceil(tokens);
};

/** `getStatus200` is three words. */
const inWords = (text: string, from: number, to: number): number => {
  let tokens = 0;
  let start = from;
  for (let at = from + 1; at <= to; at += 1) {
    const before = text.charCodeAt(at - 1);
    const code = text.charCodeAt(at);
    const hump = isUpper(code) && isLower(before);
    if (at < to && !hump && isDigit(code) === isDigit(before)) continue;
    tokens += costOf(before)(at - start);
    start = at;
  }
  return tokens;
};
