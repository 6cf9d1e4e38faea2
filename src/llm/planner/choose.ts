/** Which tool a step means: how much its words speak of each, and how well what it gives fits what each wants. */
import { propertiesOf } from '../../schema/signature.ts';
import { termsOf } from '../../search/terms.ts';
import { synonymsOf, telling } from '../../search/words.ts';
import { type Candidate, type Catalogue, seemsToRead } from './catalogue.ts';
import { type Filled, fill } from './fill.ts';
import { memberNames } from './part.ts';
import { askedIn } from './questions.ts';
import { looksLikePath, type Scanned, type Span } from './spans.ts';
import { wordsOf } from './step-words.ts';
import { leadOf, leadsOf } from './steps.ts';
import { deedOf, forms, hasReservation, isChange, isDoneBy, isLeading, isShowing, means } from './verbs.ts';

export interface Rated {
  candidate: Candidate;
  filled: Filled;
  score: number;
  /** The words of the step that its name and title have. */
  matched: string[];
  /** Those that neither it nor an argument accounts for. */
  strange: string[];
}

export type Choice =
  | { kind: 'one'; rated: Rated }
  | { kind: 'several'; rated: Rated[] }
  | { kind: 'none'; nearest: Candidate[] }
  /** The tool is clear, but not what this part of the step is to it. */
  | { kind: 'unplaced'; rated: Rated; text: string };

/** How well the best must fit, and how far it must be ahead of the next. */
const BAR = 0.42;
const AHEAD = 1.08;
const LOOKED_AT = 24;
const ASKED_ABOUT = 4;
/** How much a word counts by where the tool has it. */
const WORTH = { name: 1, synonym: 0.75, parameter: 0.45, description: 0.4 };
/** Words of tools' names that tell none from another. */
const EMPTY = new Set(['tool', 'mcp', 'api', 'new']);

/** A word of the step, and how much it tells. */
interface Term {
  term: string;
  weight: number;
  /** It is the word for what some tool does: others that mean as much are less likely meant. */
  isExact: boolean;
  /** It asks for whatever a tool gives. */
  isShowing: boolean;
}

type Fields = Record<'name' | 'title' | 'parameters' | 'description', ReadonlySet<string>>;

const worthOf = (
  { term, isExact, isShowing: shows }: Term,
  { name, title, parameters, description }: Fields,
  reads: boolean,
): number => {
  const ofName = means(term, new Set([...name, ...title]));
  if (ofName !== undefined) return ofName === 'same' ? WORTH.name : WORTH.synonym * (isExact ? 0.75 : 1);
  if (shows && reads) return WORTH.synonym;
  if (means(term, parameters) === 'same') return WORTH.parameter;
  return means(term, description) === 'same' ? WORTH.description : 0;
};

const rate = (candidate: Candidate, step: Scanned, terms: readonly Term[], hasBefore: boolean): Rated => {
  const { tool } = candidate;
  const reads = seemsToRead(candidate);
  const termsIn = (text: unknown): Set<string> =>
    new Set(typeof text === 'string' ? termsOf(text.slice(0, 2_000)) : []);
  const name = new Set(termsOf(tool.name).filter((term) => !EMPTY.has(term)));
  const title = new Set([...termsIn(tool.title ?? tool.annotations?.title)].filter((term) => !EMPTY.has(term)));
  const { properties, required } = propertiesOf(tool.inputSchema);
  const members = properties.flatMap(([, schema]) => memberNames(schema, tool.inputSchema));
  const parameters = new Set([...properties.map(([key]) => key), ...members].flatMap(termsOf));
  const fields = { name, title, parameters, description: termsIn(tool.description) };

  const toolTerms = new Set([...name, ...[...name].flatMap((term) => [...synonymsOf(term)]), ...title]);
  const filled = fill(tool.inputSchema, step, { toolTerms, hasBefore, isHarmless: reads });
  const words = terms.filter(({ term }) => !filled.quoted.has(term));
  const all = words.reduce((sum, { weight }) => sum + weight, 0);
  const covered = words.reduce((sum, word) => sum + word.weight * worthOf(word, fields, reads), 0);
  const matched = words.filter((word) => worthOf(word, fields, reads) > WORTH.parameter).map(({ term }) => term);
  const told = [...Object.values(filled.from), ...Object.values(filled.part?.given ?? {}).map(String)].flatMap(termsOf);
  const strange = words
    .filter((word) => worthOf(word, fields, reads) === 0 && !told.includes(word.term))
    .map(({ term }) => term);
  const requested = new Set(words.map(({ term }) => term));
  const loose = new Set(words.filter(({ isExact }) => !isExact).map(({ term }) => term));
  const shareOf = (term: string): number =>
    means(term, requested) === 'same' ? 1 : means(term, loose) === undefined ? 0 : WORTH.synonym;
  const named = [...name].reduce((sum, term) => sum + shareOf(term), 0);
  const relevance = 0.6 * (covered / (all || 1)) + 0.4 * (named / (name.size || 1));

  const { part } = filled;
  const shared = part === undefined ? 0 : Object.keys(part.given).length;
  const partly = part === undefined ? 0 : shared / (shared + part.missing.length);
  const had = required.size === 0 ? 1 : (required.size - filled.missing.length + partly) / required.size;
  const used = step.spans.length === 0 ? 1 : filled.used.size / step.spans.length;
  const fit = (0.6 + 0.4 * had) * (0.5 + 0.5 * used);
  const score = relevance * fit * bonus(candidate, step, fields, filled) * malus(candidate, matched);
  return { candidate, filled, score, matched, strange };
};

/** What the first word does, and what the kinds of files speak for. */
const bonus = (candidate: Candidate, step: Scanned, fields: Fields, { arguments: given }: Filled): number => {
  const { tool } = candidate;
  const lead = leadOf(step.words) ?? '';
  const [verb = ''] = termsOf(tool.name);
  const isLead = forms(lead).includes(verb) ? 1.15 : 1;
  const hints = step.spans.flatMap(({ kind, value }) =>
    kind === 'path' || (kind === 'quote' && looksLikePath(value)) ? fileTerms(value) : [],
  );
  const fitting = hints.filter((term) => fields.name.has(term) || fields.title.has(term));
  const isFolder = fields.name.has('directory') || fields.name.has('folder');
  // A folder may be called as a file is, but none is made where nobody speaks of one.
  const unlikely = seemsToRead(candidate) || /\b(?:dir|directory|folder)\b/i.test(step.words) ? 0.8 : 0.3;
  const isOther = hints.includes('file') && isFolder && !fields.name.has('file') ? unlikely : 1;
  const isSingle = Object.values(given).every((value) => !Array.isArray(value) || value.length > 1);
  return isLead * (1 + 0.2 * (fitting.length / (hints.length || 1))) * isOther * (isSingle ? 1 : 0.95);
};

const malus = ({ tool }: Candidate, matched: readonly string[]): number => {
  const old = /\bdeprecated\b/i.test(`${tool.title ?? ''} ${tool.description ?? ''}`) ? 0.8 : 1;
  return tool.annotations?.destructiveHint === true && matched.length === 0 ? 0.7 * old : old;
};

const KINDS: Record<string, RegExp> = {
  text: /\.(?:txt|md|log|csv|json|ya?ml|toml|xml|html?|[cm]?[jt]sx?|py|rs|go|java|sh)$/i,
  image: /\.(?:png|jpe?g|gif|webp|svg|bmp)$/i,
  audio: /\.(?:mp3|wav|ogg|flac)$/i,
  media: /\.(?:png|jpe?g|gif|webp|svg|bmp|mp3|wav|ogg|flac|mp4|mov|mkv)$/i,
  file: /[^/]\.\w+$/,
};
const fileTerms = (path: string): string[] => Object.keys(KINDS).filter((kind) => KINDS[kind]?.test(path));

/** A tool that the step names as it is called: `files.read_text_file`, or a name of several words alone. */
const namedIn = (text: string, { candidates }: Catalogue): Candidate | undefined => {
  const words = new Set(text.toLowerCase().split(/[\s,;()"'`]+/));
  const named = candidates.filter(({ label, name }) => words.has(label.toLowerCase()) || words.has(name.toLowerCase()));
  if (named.length > 0) return named.length === 1 ? named[0] : undefined;
  const own = candidates.filter(
    ({ tool }) => /[_-]|\p{Ll}\p{Lu}/u.test(tool.name) && words.has(tool.name.toLowerCase()),
  );
  return own.length === 1 ? own[0] : undefined;
};

export const choose = async (step: Scanned, catalogue: Catalogue, hasBefore: boolean): Promise<Choice> => {
  const said = deedOf(leadsOf(step.words));
  const asked = isChange(said) ? undefined : askedIn(step);
  const terms = asked ?? telling(termsOf(step.words).filter((term) => !isLeading(term)));
  const explicit = namedIn(step.text, catalogue);
  if (explicit !== undefined) {
    const spans = step.spans.filter(({ text }) => text.toLowerCase() !== explicit.label.toLowerCase());
    return placed(rate(explicit, { ...step, spans }, [], hasBefore), step, spans);
  }
  const found = await catalogue.find(terms.join(' '), LOOKED_AT);
  const holders = (term: string): number =>
    found.filter(({ tool }) => termsOf(`${tool.name} ${tool.description ?? ''}`.slice(0, 2_000)).includes(term)).length;
  const lead = asked?.[0] ?? leadOf(step.words);
  const isVerb = found.some(({ tool }) => termsOf(tool.name)[0] === lead);
  const deed = asked?.[0] ?? said;
  const words = terms.map((term) => ({
    term,
    weight: 1 / (1 + Math.log(1 + holders(term))),
    isExact: isVerb && term === lead,
    isShowing: term === deed && isShowing(deed),
  }));
  const doers = found.filter(
    (candidate) => isDoneBy(candidate, deed) && (seemsToRead(candidate) || !hasReservation(step.words)),
  );
  const rateAll = (by: readonly Term[]): Rated[] =>
    doers.map((candidate) => rate(candidate, step, by, hasBefore)).sort((one, other) => other.score - one.score);
  const exact = rateAll(words);
  // Where no tool of that very verb fits, one that only reads may have been meant by another.
  const loose = words.map((word) => ({ ...word, isExact: false }));
  const rated =
    (exact[0]?.score ?? 0) >= BAR ? exact : rateAll(loose).filter(({ candidate }) => seemsToRead(candidate));
  const [best] = rated;
  if (best === undefined || best.score < BAR || best.matched.length === 0) {
    return { kind: 'none', nearest: (exact.length > 0 ? exact.map(({ candidate }) => candidate) : found).slice(0, 3) };
  }
  const rivals = rated.filter(({ score }) => score * AHEAD > best.score);
  return rivals.length === 1 ? placed(best, step) : { kind: 'several', rated: rivals.slice(0, ASKED_ABOUT) };
};

const EXCEPTION = /\b(?:without|except(?: for)?|excluding|ignoring) ([\p{L}\p{N}_-]+)/iu;

/** Nothing that was said is left aside in silence; a word with a capital letter may be no more than a word. */
const placed = (rated: Rated, step: Scanned, spans: readonly Span[] = step.spans): Choice => {
  const { candidate, filled, strange } = rated;
  const isChanging = !seemsToRead(candidate);
  const span = spans.find((one) => (one.kind !== 'name' || isChanging) && !filled.used.has(one));
  if (span !== undefined) return { kind: 'unplaced', rated, text: span.text };
  const odd = wordsOf(step).find(({ terms }) => terms.some((term) => strange.includes(term)));
  if (isChanging && odd !== undefined) {
    return { kind: 'unplaced', rated, text: JSON.stringify(step.text.slice(odd.start, odd.end)) };
  }
  const [exception = '', word = ''] = EXCEPTION.exec(step.words) ?? [];
  const isTold = word === '' || Object.values(filled.from).some((from) => from.includes(word));
  return isTold ? { kind: 'one', rated } : { kind: 'unplaced', rated, text: exception };
};
