/** Text of a server without what deceives a reader: what moves a cursor, changes the order of characters, or hides them. */

const ESC = 0x1b;
const BEL = 0x07;

/** Control characters but \n and \t; lone surrogates; what is invisible by definition, but for the two selectors of emoji style. */
const UNSAFE =
  '[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ufff9-\\ufffb\\p{Surrogate}]|(?![\\ufe0e\\ufe0f])\\p{DI}';
const isUnsafe = new RegExp(UNSAFE, 'u');

/**
 * Drops control characters and whole escape sequences (ECMA-48: CSI, OSC, DCS, APC, PM, SOS and the short ones, also
 * unfinished ones), and shows bidirectional controls, zero-width and other invisible characters as `\u{…}`. Line
 * ends and tabs stay.
 */
export const safeText = (text: string): string => {
  if (!isUnsafe.test(text)) return text;
  const unsafe = new RegExp(UNSAFE, 'gu');
  let safe = '';
  let at = 0;
  for (let hit = unsafe.exec(text); hit !== null; hit = unsafe.exec(text)) {
    const code = hit[0].codePointAt(0) as number;
    safe += text.slice(at, hit.index) + shown(code);
    at = code < 0xa0 ? endOfControl(text, hit.index) : hit.index + hit[0].length;
    unsafe.lastIndex = at;
  }
  return safe + text.slice(at);
};

const shown = (code: number): string => {
  if (code < 0xa0) return '';
  return code >= 0xd800 && code < 0xe000 ? '\ufffd' : `\\u{${code.toString(16)}}`;
};

/** Where the control character at `at` ends, with the sequence that it begins. */
const endOfControl = (text: string, at: number): number => {
  const code = text.charCodeAt(at);
  if (code !== ESC) return code < 0x80 ? at + 1 : endOfSequence(text, code, at + 1);
  const next = text.charCodeAt(at + 1);
  // ESC and a character from @ to _ is the same as one C1 control.
  if (next >= 0x40 && next < 0x60) return endOfSequence(text, next + 0x40, at + 2);
  if (next >= 0x20 && next < 0x30) return past(text, past(text, at + 2, 0x20, 0x2f), 0x30, 0x7e, 1);
  return next >= 0x30 && next < 0x7f ? at + 2 : at + 1;
};

/** `from` stands behind the introducer, which is given as its C1 code. */
const endOfSequence = (text: string, introducer: number, from: number): number => {
  switch (introducer) {
    case 0x9b:
      return past(text, past(text, past(text, from, 0x30, 0x3f), 0x20, 0x2f), 0x40, 0x7e, 1);
    case 0x90:
    case 0x98:
    case 0x9d:
    case 0x9e:
    case 0x9f:
      return endOfString(text, from);
    case 0x8e:
    case 0x8f:
      return past(text, from, 0x40, 0x7e, 1);
    default:
      return from;
  }
};

/** Past at most `most` characters from `low` to `high`. */
const past = (text: string, from: number, low: number, high: number, most = Number.POSITIVE_INFINITY): number => {
  let at = from;
  for (; at - from < most; at += 1) {
    const code = text.charCodeAt(at);
    if (!(code >= low && code <= high)) break;
  }
  return at;
};

/** Where the string of a device ends. An unfinished one ends with its line, so that it cannot swallow the rest. */
const endOfString = (text: string, from: number): number => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what ends such a string
  const stops = /[\x07\x18\x1a\x1b\x80-\x9f]/g;
  stops.lastIndex = from;
  const at = stops.exec(text)?.index ?? text.length;
  const code = text.charCodeAt(at);
  if (code === BEL || code === 0x9c) return at + 1;
  if (code === ESC && text[at + 1] === '\\') return at + 2;
  const lineEnd = text.slice(from, at).indexOf('\n');
  return lineEnd < 0 ? at : from + lineEnd;
};
