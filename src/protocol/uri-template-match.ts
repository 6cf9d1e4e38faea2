/**
 * The way back from a URI to the values of a template. No regular expression is made of what a server sent
 * (CVE-2026-0621): a table over (step of the template, position in the URI) is filled from the end, so the work is the
 * product of the two whatever they say.
 */
import { type Expression, encodeReserved, type Operator, parseTemplate, type Variable } from './uri-template-syntax.ts';

/** Characters of one URI, percent-encoded. */
const MAX_URI = 8192;
/** Steps of the template times characters of the URI: about 45 ms of work. */
const MAX_CELLS = 384 * 1024;

/** One step: fixed text, then the value of a variable where there is one. */
interface Step {
  text: string;
  value?: { variable: Variable; stops: string; least: number; named: boolean };
  /** The step after this one, and the one after leaving this one out. */
  next: number;
  skip?: number;
}

/**
 * The values with which the template expands to the URI, decoded; of several possibilities the one whose first values are
 * longest. An exploded variable gives its members as they stand in the URI. `undefined` where the URI does not fit, or
 * where one of the two is malformed or over the limits (2 048 characters, 64 variables; 8 192 characters; both together:
 * 15 variables for so long a URI, all 64 for one of 2 000). Values may
 * have reserved characters that expansion would have encoded, because servers take them so: all but `/`, `?` and `#`.
 */
export const matchTemplate = (template: string, uri: string): Record<string, string> | undefined => {
  const parts = uri.length > MAX_URI ? undefined : parseTemplate(template);
  if (parts === undefined) return undefined;
  const text = encodeReserved(uri);
  if (text.length > MAX_URI) return undefined;
  const steps: Step[] = [];
  for (const part of parts) {
    if (typeof part === 'string') steps.push({ text: encodeReserved(part), next: steps.length + 1 });
    else addExpression(steps, part);
  }
  if (stepsTried(steps) * text.length > MAX_CELLS) return undefined;
  return collect(steps, text, fill(steps, text));
};

/** The steps that are tried at every position, long fixed texts for more than one; the first is tried at the beginning only. */
const stepsTried = ([_first, ...others]: Step[]): number =>
  others.reduce((sum, { text }) => sum + 1 + (text.length >> 4), 0);

/** Two steps for each variable: as the first one that is given, and behind another. */
const addExpression = (steps: Step[], { operator, variables }: Expression): void => {
  const { first, separator, named } = operator;
  const needed = first === '';
  const base = steps.length;
  for (const [index, variable] of variables.entries()) {
    const stops = stopsOf(operator, variable, variables.length);
    const value = { variable, stops, least: needed ? 1 : 0, named: named && !variable.explode };
    const name = value.named ? variable.name : '';
    const after = base + 2 * index + 2;
    const isLast = index === variables.length - 1;
    steps.push({
      text: first + name,
      value,
      next: isLast ? after : after + 1,
      ...(needed && isLast ? {} : { skip: after }),
    });
    steps.push({ text: separator + name, value, next: isLast ? after : after + 1, skip: isLast ? after : after + 1 });
  }
};

/** The characters that end a value. */
const stopsOf = ({ first, separator, named, reserved }: Operator, { explode }: Variable, variables: number): string => {
  if (reserved) return variables > 1 && !explode ? separator : '';
  const around = first === '?' || first === '&' ? '#' : first === '/' && explode ? '?#' : '/?#';
  return !explode && (named || first === '/' || variables > 1) ? around + separator : around;
};

/** Where each step ends that begins at a position, if the rest fits: an end, or one of these. */
const NONE = -1;
const SKIP = -2;

const fill = (steps: Step[], text: string): Int16Array[] => {
  const size = text.length + 1;
  const ends: Int16Array[] = [];
  /** By step: the last position up to the index where the step and all after it fit. */
  const fits: Int16Array[] = [];
  fits[steps.length] = new Int16Array(size).fill(NONE);
  (fits[steps.length] as Int16Array)[text.length] = text.length;
  const runs = runEnds(text);
  const characters = countCharacters(text);
  for (let at = steps.length - 1; at >= 0; at -= 1) {
    const step = steps[at] as Step;
    const next = fits[step.next] as Int16Array;
    const skipped = step.skip === undefined ? undefined : fits[step.skip];
    const end = new Int16Array(size).fill(NONE);
    const fit = new Int16Array(size).fill(NONE);
    const run = step.value === undefined ? undefined : runs(step.value.stops);
    const positions = at === 0 ? 1 : size;
    for (let position = 0; position < positions; position += 1) {
      if (characters.isInside(position)) {
        fit[position] = fit[position - 1] as number;
        continue;
      }
      end[position] = endOf(step, text, position, next, run, characters.limit);
      if (end[position] === NONE && skipped?.[position] === position) end[position] = SKIP;
      fit[position] = end[position] === NONE ? (fit[position - 1] ?? NONE) : position;
    }
    ends[at] = end;
    fits[at] = fit;
  }
  return ends;
};

const endOf = (
  { text: fixed, value }: Step,
  text: string,
  position: number,
  next: Int16Array,
  run: Int16Array | undefined,
  limit: (from: number, most: number) => number,
): number => {
  if (!text.startsWith(fixed, position)) return NONE;
  let from = position + fixed.length;
  if (value === undefined || run === undefined) return next[from] === from ? from : NONE;
  if (value.named && text[from] !== '=') return next[from] === from ? from : NONE;
  if (value.named) from += 1;
  const { prefix } = value.variable;
  const furthest = Math.min(run[from] as number, prefix === undefined ? text.length : limit(from, prefix));
  const end = next[furthest] as number;
  return end >= from + value.least ? end : NONE;
};

const collect = (steps: Step[], text: string, ends: Int16Array[]): Record<string, string> | undefined => {
  const values: Record<string, string> = Object.create(null);
  let position = 0;
  for (let at = 0; at < steps.length; ) {
    const { text: fixed, value, next, skip } = steps[at] as Step;
    const end = ends[at]?.[position] ?? NONE;
    if (end === NONE) return undefined;
    if (end === SKIP) {
      at = skip as number;
      continue;
    }
    if (value !== undefined) {
      const { name, explode, prefix } = value.variable;
      const raw = text.slice(position + fixed.length + (value.named && end > position + fixed.length ? 1 : 0), end);
      const found = explode ? raw : decode(raw);
      const before = values[name];
      // The whole value is worth more than the beginning of it.
      if (before === undefined || (prefix === undefined && found.startsWith(before))) values[name] = found;
      else if (prefix === undefined ? before !== found : !before.startsWith(found)) return undefined;
    }
    position = end;
    at = next;
  }
  return position === text.length ? values : undefined;
};

/** By position: where the run of characters that are none of `stops` ends. */
const runEnds = (text: string): ((stops: string) => Int16Array) => {
  const known = new Map<string, Int16Array>();
  return (stops) => {
    let runs = known.get(stops);
    if (runs === undefined) {
      runs = new Int16Array(text.length + 1);
      runs[text.length] = text.length;
      for (let at = text.length - 1; at >= 0; at -= 1) {
        runs[at] = stops.includes(text.charAt(at)) ? at : (runs[at + 1] as number);
      }
      known.set(stops, runs);
    }
    return runs;
  };
};

/** Percent-encoded bytes are not cut, and those that continue a character of UTF-8 count with it. */
const countCharacters = (text: string) => {
  const starts: number[] = [];
  const index = new Int16Array(text.length + 1);
  const inside = new Uint8Array(text.length + 1);
  for (let at = 0; at < text.length; ) {
    const isEncoded = text[at] === '%';
    const continues = isEncoded && /[89AB]/.test(text.charAt(at + 1));
    if (!continues) starts.push(at);
    index[at] = starts.length - 1;
    if (isEncoded) inside.fill(1, at + 1, at + 3);
    at += isEncoded ? 3 : 1;
  }
  return {
    isInside: (position: number): boolean => inside[position] === 1,
    limit: (from: number, most: number): number =>
      from >= text.length ? text.length : (starts[(index[from] as number) + most] ?? text.length),
  };
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
