/** Names that look like others: what a name is taken for by whoever reads it. */

/** Letters and signs of other scripts beside the ASCII character that they look like (after Unicode Technical Standard 39). */
const LOOK: readonly (readonly [ascii: string, others: string])[] = [
  ['a', 'аαɑ'],
  ['b', 'Ьƅ'],
  ['c', 'сϲᴄ'],
  ['d', 'ԁ'],
  ['e', 'еҽ'],
  ['g', 'ɡց'],
  ['h', 'һհ'],
  ['i', 'іιı'],
  ['j', 'јϳ'],
  ['k', 'кκ'],
  ['l', 'ӏӀǀ'],
  ['n', 'ոռ'],
  ['o', 'оοօ'],
  ['p', 'рρ'],
  ['q', 'ԛգ'],
  ['r', 'гᴦ'],
  ['s', 'ѕꜱ'],
  ['t', 'τт'],
  ['u', 'υսᴜ'],
  ['v', 'νѵᴠ'],
  ['w', 'ԝѡᴡ'],
  ['x', 'хχ'],
  ['y', 'уγү'],
  ['z', 'ᴢ'],
  ['A', 'АΑ'],
  ['B', 'ВΒ'],
  ['C', 'СϹ'],
  ['E', 'ЕΕ'],
  ['H', 'НΗ'],
  ['I', 'ІΙ'],
  ['J', 'ЈͿ'],
  ['K', 'КΚ'],
  ['M', 'МΜ'],
  ['N', 'Ν'],
  ['O', 'ОΟՕ'],
  ['P', 'РΡ'],
  ['S', 'ЅՏ'],
  ['T', 'ТΤ'],
  ['X', 'ХΧ'],
  ['Y', 'УΥҮ'],
  ['Z', 'Ζ'],
  ['-', '‐‑‒–—−'],
  ['_', 'ˍ'],
  ['.', '․'],
  ['/', '⁄∕'],
];
const ASCII_OF = new Map(LOOK.flatMap(([ascii, others]) => [...others].map((other) => [other, ascii] as const)));

const PLAIN = /^[\x20-\x7e]*$/;
/** What is invisible by definition. */
const INVISIBLE = /\p{DI}/gu;

/** A name as it looks: without what cannot be seen, and with ASCII letters for those that look like them. A plain name is itself. */
export const lookOf = (name: string): string => {
  if (PLAIN.test(name)) return name;
  const visible = name.normalize('NFKC').replace(INVISIBLE, '');
  return [...visible].map((letter) => ASCII_OF.get(letter) ?? letter).join('');
};

/** The plain name that another one is easily taken for, if there is one. */
export const takenFor = (name: string): string | undefined => {
  const look = lookOf(name);
  return look !== name && PLAIN.test(look) ? look : undefined;
};

/** For names that look like another one of theirs, whatever the case of letters, that other one. */
export const twinsAmong = (names: Iterable<string>): Map<string, string> => {
  const seen = new Map<string, string>();
  const twins = new Map<string, string>();
  for (const name of names) {
    const look = lookOf(name).toLowerCase();
    const twin = seen.get(look);
    if (twin === undefined) seen.set(look, name);
    else if (twin !== name) {
      twins.set(name, twin);
      if (!twins.has(twin)) twins.set(twin, name);
    }
  }
  return twins;
};
