/** How words are hidden from people, and found by a model all the same. */

export type Disguise =
  | 'none'
  | 'zero-width'
  | 'tag-characters'
  | 'bidi'
  | 'homoglyphs'
  | 'base64'
  | 'ansi'
  | 'entities'
  | 'full-width';

/** Letters of the Latin script, and letters of the Cyrillic one that look the same. */
const LOOK: readonly (readonly [string, string])[] = [
  ['a', '\u0430'],
  ['e', '\u0435'],
  ['o', '\u043e'],
  ['p', '\u0440'],
  ['c', '\u0441'],
];
const ESC = '\u001b';

const each = (text: string, to: (character: string) => string): string => Array.from(text, to).join('');
const code = (character: string): number => character.codePointAt(0) ?? 0;
const isAscii = (character: string): boolean => code(character) > 0x20 && code(character) < 0x7f;

export const disguised = (words: string, disguise: Disguise): string => {
  switch (disguise) {
    case 'none':
      return words;
    case 'zero-width':
      return Array.from(words).join('\u200b');
    case 'tag-characters':
      return each(words, (one) => (code(one) < 0x7f ? String.fromCodePoint(0xe0000 + code(one)) : one));
    case 'bidi':
      return `\u202e${Array.from(words).reverse().join('')}\u202c`;
    case 'homoglyphs':
      return LOOK.reduce((text, [plain, other]) => text.replaceAll(plain, other), words);
    case 'base64':
      return Buffer.from(words).toString('base64');
    case 'ansi':
      return `${ESC}[8m${Array.from(words).join(`${ESC}[0m`)}${ESC}[28m`;
    case 'entities':
      return each(words, (one) => `&#${code(one)};`);
    case 'full-width':
      return each(words, (one) => (isAscii(one) ? String.fromCodePoint(code(one) + 0xfee0) : one));
  }
};

/** One `[U+200B]` or `[U+200B ×3]`, as a text is shown in which a character cannot be seen. */
const SPELLED = /\[U\+([0-9A-F]{4,6})(?: ×(\d+))?\]/g;

const unspelled = (text: string): string =>
  text.replace(SPELLED, (_, hex: string, times = '1') =>
    String.fromCodePoint(Number.parseInt(hex, 16)).repeat(Number(times)),
  );
const untagged = (text: string): string =>
  text.replace(/[\u{e0020}-\u{e007e}]/gu, (one) => String.fromCodePoint(code(one) - 0xe0000));
const unescaped = (text: string): string => text.replaceAll('\\"', '"').replaceAll('\\\\', '\\');
const plain = (text: string): string =>
  LOOK.reduce((so, [latin, other]) => so.replaceAll(other, latin), text.normalize('NFKC'))
    .replace(new RegExp(`${ESC}\\[[0-9;]*m`, 'g'), '')
    .replace(/[\u200b-\u200f\u202a-\u202e\u2060]/g, '')
    .replace(/&#(\d+);/g, (_, number: string) => String.fromCodePoint(Number(number)));

/** A text in every way in which a model might read it. */
export const readings = (text: string): string[] => {
  const seen = plain(untagged(unspelled(text)));
  const doubled = seen.replaceAll('""', '"');
  const hidden = Array.from(seen.matchAll(/[A-Za-z0-9+/]{40,}={0,2}/g), ([run]) =>
    Buffer.from(run, 'base64').toString(),
  );
  const backwards = Array.from(seen).reverse().join('');
  return [seen, unescaped(seen), unescaped(unescaped(seen)), doubled, backwards, ...hidden];
};
