/** What the first word of a step does, and whether a tool does that: what only comes near is not called, least of all where it changes something. */
import { termsOf } from '../../search/terms.ts';
import { stemsOf, synonymsOf, telling } from '../../search/words.ts';
import { type Candidate, seemsToRead } from './catalogue.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** What asks for something to be other than it is. */
const CHANGING = words(`
  add adjust alter append archive assign attach book build buy call cancel change clean clear clone close connect convert
  copy correct create delete deploy destroy disable discard drop duplicate edit email empty enable encrypt erase fix
  forget format forward generate import increase insert install invite join kill link make merge message modify move new
  notify order overwrite patch pause pay play post prepend publish purge put reduce refactor rename remind remove
  reorganize replace reply reserve reset restore revert rewrite save schedule send set share shorten sign split stop
  store submit subscribe swap tidy translate trash truncate undo uninstall unlink update upgrade upload wipe write
`);
const QUESTION = words('what which who whose when where how why is are does');
/** What asks for something to be known. */
const READING = new Set([
  ...QUESTION,
  ...words('get read list search find fetch show view see display print look lookup query locate describe explain'),
  ...words('tell give count check compare'),
]);
/** Words that ask for whatever a tool gives. */
const SHOWING = words('show see view display print give tell get');
/** Words that lead to a name, and say nothing themselves. */
const LEADING = words('named called titled saying');

/** What a change hangs on, or is not to do: nothing here can judge it. */
const RESERVATION =
  /\b(?:if|unless|except|excluding|whenever|in case|but|apart from|other than|besides|without|not|never|or|\p{L}+n['’]?t)\b/iu;

const WHETHER =
  /^\W*(?:(?:can|could|may|might|should|must|shall|would|do|did|will) (?:i|we|one|they|he|she|it)|did|has|have|had|was|were)\b/i;

export type Means = 'same' | 'synonym' | undefined;

export const forms = (term: string): string[] => [term, ...stemsOf(term)];

/** Whether a word, or one that means as much, is among others. */
export const means = (term: string, among: ReadonlySet<string>): Means => {
  if (forms(term).some((form) => among.has(form))) return 'same';
  return forms(term).some((form) => [...synonymsOf(form)].some((other) => among.has(other))) ? 'synonym' : undefined;
};

/** The word that says what is to be done: the first one that says something, or the one that asks. */
export const deedOf = (terms: readonly string[]): string => {
  const [first = ''] = terms;
  return QUESTION.has(first) ? first : (telling(terms)[0] ?? first);
};

export const isChange = (deed: string): boolean => forms(deed).some((form) => CHANGING.has(form));
export const isShowing = (deed: string): boolean => SHOWING.has(deed);
export const isLeading = (term: string): boolean => LEADING.has(term);

/** Whether a tool does what a step begins with. What no tool is expected to be named after says nothing against one that only reads. */
export const isDoneBy = (candidate: Candidate, deed: string): boolean => {
  const { tool } = candidate;
  const name = new Set(termsOf(`${tool.name} ${tool.title ?? tool.annotations?.title ?? ''}`));
  // One opens an issue, but what opens things makes none.
  if (seemsToRead(candidate) && isChange(deed) && !name.has(deed))
    for (const word of [...READING, 'open']) name.delete(word);
  const inName = means(deed, name);
  const isDescribed = means(deed, new Set(termsOf((tool.description ?? '').slice(0, 2_000)))) === 'same';
  if (seemsToRead(candidate)) return !isChange(deed) || inName !== undefined || isDescribed;
  // What was done is no request: `I deleted Bob`.
  if (/ed$/.test(deed) && !name.has(deed)) return false;
  return READING.has(deed) ? inName === 'same' : inName !== undefined || isDescribed;
};

/** Whether a step wants a change made only under a condition, or not wholly, or asks whether it may be. */
export const hasReservation = (said: string): boolean => RESERVATION.test(said) || WHETHER.test(said);
