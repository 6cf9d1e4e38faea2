/** Conditions of a rule on the arguments of a call. */
import { canonicalJson } from '../canonical.ts';
import type { ArgumentCondition } from '../permission.ts';
import type { JsonObject } from '../protocol/types.ts';
import { liesWithin, meanings } from './paths.ts';

/**
 * Whether the arguments meet a condition. `possibly`: what can be read in two ways meets it when one of them does, and
 * a list when one of its entries does; otherwise all have to.
 */
export type Holds = (args: JsonObject, possibly: boolean) => boolean;

type Test = (value: unknown, possibly: boolean) => boolean;

const listed = (value: string | readonly string[]): string[] => (typeof value === 'string' ? [value] : [...value]);

/** Tries a test on a value, or on each entry of a list, however deep. */
const onEach = (test: Test): Test => {
  const each: Test = (value, possibly) => {
    if (!Array.isArray(value)) return test(value, possibly);
    return possibly ? value.some((one) => each(one, true)) : value.length > 0 && value.every((one) => each(one, false));
  };
  return each;
};

const onText = (fits: (text: string, operand: string) => boolean, operands: string | readonly string[]): Test => {
  const all = listed(operands);
  const fitsOne = (text: string): boolean => all.some((operand) => fits(text, operand));
  return onEach((value, possibly) => {
    if (typeof value !== 'string') return false;
    return possibly ? meanings(value).some(fitsOne) : meanings(value).every(fitsOne);
  });
};

/** Whether a text is a number is for the server to say. */
const onNumber = (fits: (value: number) => boolean): Test =>
  onEach((value, possibly) => {
    if (typeof value === 'number') return fits(value);
    return possibly && typeof value === 'string' && value.trim() !== '' && fits(Number(value));
  });

/** Whether a name fits a pattern in which `*` stands for any run of characters. */
export type Matches = (pattern: string, name: string) => boolean;

const testsWith = (
  fitsPattern: Matches,
): { [K in keyof ArgumentCondition]-?: (operand: NonNullable<ArgumentCondition[K]>) => Test } => ({
  equals(operand) {
    const wanted = canonicalJson(operand);
    return (value) => canonicalJson(value) === wanted;
  },
  oneOf(operands) {
    const wanted = new Set(operands.map(canonicalJson));
    return (value) => wanted.has(canonicalJson(value));
  },
  matches: (patterns) => onText((text, pattern) => fitsPattern(pattern, text), patterns),
  startsWith: (starts) => onText((text, start) => text.startsWith(start), starts),
  within(folders) {
    const all = listed(folders);
    return onEach(
      (value, possibly) => typeof value === 'string' && all.some((folder) => liesWithin(value, folder, possibly)),
    );
  },
  lessThan: (most) => onNumber((value) => value < most),
  greaterThan: (least) => onNumber((value) => value > least),
  present: (wanted) => (value) => (value !== undefined) === wanted,
});

/** Makes a condition ready for use. Throws where it is unusable. */
export const createCondition = (path: string, condition: ArgumentCondition, fitsPattern: Matches): Holds => {
  const steps = stepsOf(path);
  const known = testsWith(fitsPattern);
  const tests = Object.entries(condition).map(([name, operand]) => {
    const make = known[name as keyof ArgumentCondition] as (operand: unknown) => Test;
    return { name, test: make(operand) };
  });
  return (args, possibly) => {
    const value = valueAt(args, steps);
    return tests.every(({ name, test }) => (name === 'present' || value !== undefined) && test(value, possibly));
  };
};

/** `/a/b` is a JSON Pointer (RFC 6901), anything else a dotted path. */
const stepsOf = (path: string): string[] =>
  path.startsWith('/')
    ? path
        .slice(1)
        .split('/')
        .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    : path.split('.');

const valueAt = (args: JsonObject, steps: readonly string[]): unknown => {
  let value: unknown = args;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as JsonObject)[step];
  }
  return value;
};
