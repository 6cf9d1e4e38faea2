/** What every format gives for a text. */
import type { Place } from './places.ts';

/** Levels of lists and objects that a configuration may have. */
export const MAX_CONFIG_DEPTH = 64;

/** Something that the format does not have, and that was read over. */
export interface Liberty {
  message: string;
  place: Place;
}

/** What a text held. */
export interface ConfigText {
  /** Plain data: objects, lists, strings, numbers, booleans and null. Names like `__proto__` are names like any other. */
  value: unknown;
  /** The JSON Pointers of names that their object has twice; the last one counts. */
  duplicates: string[];
  /** Comments and trailing commas in JSON, the first of each kind. */
  liberties: Liberty[];
  /** Where the value at a JSON Pointer stands; for a field, where its name does. */
  locate(pointer: string): Place | undefined;
}

/** What a text held, or where it stops being what it should be. */
export type ParsedText = ({ ok: true } & ConfigText) | { ok: false; message: string; place: Place };
