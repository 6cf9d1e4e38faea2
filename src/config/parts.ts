/** Objects of which every part is known: read part by part, with what is wrong and where. */
import { pointerStep } from './places.ts';
import { isObject, kindOf, type Reader } from './readers.ts';
import type { Suggest } from './server.ts';

/** Where problems go; `path` is where the value stands. `suggest` finds the name that was meant. */
export interface Report {
  (path: string, message: string): void;
  suggest: Suggest;
}

export type Readers<T> = { [K in keyof T]-?: Reader<NonNullable<T[K]>> };

/** Reads an object of which every part is known; undefined where it is unusable as a whole. */
export const readParts = <T extends object>(
  value: unknown,
  path: string,
  readers: Readers<T>,
  report: Report,
): T | undefined => {
  const known = Object.keys(readers);
  if (!isObject(value)) {
    report(path, `must be an object of ${known.join(', ')}, not ${kindOf(value)}`);
    return undefined;
  }
  const read: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(value)) {
    const here = path + pointerStep(key);
    if (!Object.hasOwn(readers, key)) {
      const close = report.suggest(key, known);
      report(here, close === undefined ? `is none of ${known.join(', ')}` : `is not known; did you mean ${close}?`);
      continue;
    }
    if (given === undefined) {
      // What was meant to narrow a rule may be missing.
      report(here, 'is undefined: leave it out, or give it a value');
      continue;
    }
    const part = readers[key as keyof T](given as never);
    if (part.ok) read[key] = part.value;
    else report(here + (part.step === undefined ? '' : pointerStep(part.step)), part.message);
  }
  return read as T;
};
