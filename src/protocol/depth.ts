/** How deep a value is nested: what JSON.parse accepts, JSON.stringify and every recursive walk may choke on. */

/** Above this a limit is no protection: a few thousand levels exhaust the stack of whoever walks the value. */
const DEEPEST_LIMIT = 1_000;

/**
 * Whether arrays and objects nest deeper than `limit`; a scalar has depth 0, `{}` and `[]` have 1. Stops at the first
 * branch that is too deep. A limit above 1 000 counts as 1 000.
 */
export const deeperThan = (value: unknown, limit: number): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  return descends(value, Math.min(limit, DEEPEST_LIMIT));
};

// `for in` reads the cached keys of an object's shape and allocates nothing; `Object.values` takes half as long again.
const descends = (value: object, left: number): boolean => {
  if (!(left > 0)) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) {
      const child: unknown = value[i];
      if (typeof child === 'object' && child !== null && descends(child, left - 1)) return true;
    }
    return false;
  }
  for (const key in value) {
    const child: unknown = value[key as keyof typeof value];
    if (typeof child === 'object' && child !== null && descends(child, left - 1)) return true;
  }
  return false;
};
