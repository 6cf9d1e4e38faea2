/** Texts as the terms they are found by. */

/** One ideograph or kana is a term by itself, since nothing stands between words there; else a run of letters and digits. */
const TERM =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{M}\p{N}])+/gu;
/** `readFile` and `HTTPServer` are two words each. */
const HUMP = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u;
/** What is longer is no word: a token, a hash, encoded data. */
const MAX_TERM_LENGTH = 64;

/** English plurals as their singulars: the S stemmer of Harman, "How effective is suffixing?", JASIS 42 (1991). */
const singular = (term: string): string => {
  if (term.length < 4 || !term.endsWith('s')) return term;
  if (/[^ae]ies$/.test(term)) return `${term.slice(0, -3)}y`;
  return /(?:[aeo]es|[us]s)$/.test(term) ? term : term.slice(0, -1);
};

/**
 * The terms of a text, in their order and with repetitions: without case, compatibility forms and plurals. Words that
 * are joined by case, dots, underscores or dashes are terms each.
 */
export const termsOf = (text: string): string[] =>
  (text.match(TERM) ?? [])
    .flatMap((word) => word.split(HUMP))
    .filter((term) => term.length <= MAX_TERM_LENGTH)
    .map((term) => singular(term.normalize('NFKC').toLowerCase()));
