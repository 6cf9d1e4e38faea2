/** Where two JSON values differ, short enough to be read. */
import type { DefinitionChange } from '../permission.ts';

export interface Differences {
  changes: DefinitionChange[];
  /** How many more there are. */
  more: number;
}

/** The most differences that are told one by one, and the longest text of one side, in UTF-16 units. */
export const MAX_CHANGES = 32;
export const MAX_TEXT = 200;

/** How much of what two texts have in common is shown before the first difference. */
const LEAD = 24;

export const differences = (before: unknown, after: unknown): Differences => {
  const changes: DefinitionChange[] = [];
  let more = 0;
  const tell = (path: string, old: unknown, present: unknown): void => {
    if (changes.length < MAX_CHANGES) changes.push({ path, ...sides(old, present) });
    else more += 1;
  };
  const compare = (path: string, old: unknown, present: unknown): void => {
    if (!isContainer(old) || !isContainer(present) || Array.isArray(old) !== Array.isArray(present)) {
      if (old !== present) tell(path, old, present);
      return;
    }
    for (const key of new Set([...Object.keys(old), ...Object.keys(present)])) {
      const step = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      compare(step.length > MAX_TEXT ? `${step.slice(0, MAX_TEXT)}…` : step, own(old, key), own(present, key));
    }
  };
  compare('', before, after);
  return { changes, more };
};

const isContainer = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const own = (value: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(value, key) ? value[key] : undefined;

const sides = (old: unknown, present: unknown): Omit<DefinitionChange, 'path'> => {
  const before = textOf(old);
  const after = textOf(present);
  const from = before === undefined || after === undefined ? 0 : Math.max(0, firstDifference(before, after) - LEAD);
  return {
    ...(before === undefined ? {} : { before: cut(before, from) }),
    ...(after === undefined ? {} : { after: cut(after, from) }),
  };
};

const textOf = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));

const firstDifference = (one: string, other: string): number => {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
};

const cut = (text: string, from: number): string => {
  const to = from + MAX_TEXT;
  return `${from > 0 ? '…' : ''}${text.slice(from, to)}${to < text.length ? '…' : ''}`;
};
