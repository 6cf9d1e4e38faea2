/** Characters that nobody sees, or that change the order of those that are seen: where a text has them, something may be hidden in it. */

/** Control characters but tabs and line ends; lone surrogates; what is invisible by definition, but for the two selectors of emoji style. */
const UNSEEN = /(?![\ufe0e\ufe0f]|[\t\n\r])[\p{Cc}\p{DI}\p{Surrogate}\u2028\u2029\ufff9-\ufffb]/u;
/** Names have no line ends either. */
const UNSEEN_IN_NAME = /[\p{Cc}\p{DI}\p{Surrogate}\u2028\u2029\ufff9-\ufffb]/u;
/** These join letters and emoji in ordinary text. */
const JOINERS = /[\u200c\u200d]/g;

/** The most places that are told, and the longest path of one. */
const MAX_PLACES = 5;
const MAX_PATH = 100;

const find = (unseen: RegExp, text: string): string | undefined => {
  const code = unseen.exec(text)?.[0].codePointAt(0);
  return code === undefined ? undefined : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
};

/** The first such character of a name, as `U+200B`. */
export const unseenInName = (name: string): string | undefined => find(UNSEEN_IN_NAME, name);

/** Where the texts and keys of a JSON value have such characters: `/description (U+200B)`, the first few places. */
export const unseenPlaces = (value: unknown): string[] => {
  const places: string[] = [];
  const look = (text: string, path: string): void => {
    const found = UNSEEN.test(text) ? find(UNSEEN, text.replace(JOINERS, '')) : undefined;
    if (found !== undefined) places.push(`${path} (${found})`);
  };
  const walk = (one: object, path: string): void => {
    for (const [key, inner] of Object.entries(one)) {
      if (places.length >= MAX_PLACES) return;
      const step = stepTo(path, key);
      look(key, step);
      if (typeof inner === 'string') look(inner, step);
      else if (typeof inner === 'object' && inner !== null) walk(inner, step);
    }
  };
  if (typeof value === 'object' && value !== null) walk(value, '');
  return places.slice(0, MAX_PLACES);
};

/**
 * The text with each such character spelled out, as `[U+200B]`, and a run of one as `[U+200B ×3]`. A joiner between two
 * characters that are seen stays.
 */
export const unseenSpelled = (text: string): string => {
  if (!UNSEEN.test(text)) return text;
  return text.replace(new RegExp(`(${UNSEEN.source})\\1*`, 'gu'), (run, one: string, at: number) => {
    if (one.search(JOINERS) === 0 && isBetweenSeen(text, at)) return run;
    const times = run.length / one.length;
    return `[${find(UNSEEN, one)}${times > 1 ? ` ×${times}` : ''}]`;
  });
};
const isBetweenSeen = (text: string, at: number): boolean => {
  const before = /.$/su.exec(text.slice(Math.max(0, at - 2), at))?.[0];
  const after = text.codePointAt(at + 1);
  if (before === undefined || after === undefined) return false;
  return !UNSEEN.test(before) && !UNSEEN.test(String.fromCodePoint(after));
};

const stepTo = (path: string, key: string): string => {
  const visible = UNSEEN.test(key) ? key.replace(new RegExp(UNSEEN, 'gu'), '') : key;
  const step = `${path}/${visible.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return step.length > MAX_PATH ? `${step.slice(0, MAX_PATH)}…` : step;
};
