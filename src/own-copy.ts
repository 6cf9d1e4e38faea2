/** Copies of what callers hand over, for calls that do not leave in the same turn. */

/**
 * A copy of lists and plain objects, however deep; all else in it is the same as before, so that it is written as the
 * original would be. What cannot be copied (it has no end) is given back as it is.
 */
export const ownCopy = <T>(value: T): T => {
  try {
    return copied(value) as T;
  } catch {
    return value;
  }
};

const copied = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copied(inner)]));
};

/** Also one that another window made. */
const isPlain = (value: object): boolean => {
  const parent: unknown = Object.getPrototypeOf(value);
  return parent === null || Object.getPrototypeOf(parent) === null;
};
