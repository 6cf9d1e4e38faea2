/**
 * How long things took, for quantiles: a log-linear histogram as in HdrHistogram. Each power of two is split into 64
 * equal parts, so a value is known to within 0.8 % of itself, and memory does not grow with the number of values.
 */

/** The shortest and the longest time that are told apart, in milliseconds: 1 µs and 1 h. Others count as these. */
const LEAST_MS = 0.001;
const MOST_MS = 3_600_000;
const PARTS = 64;
/** Where the facts of all values stand. */
const COUNT = 0;
const SUM = 1;
const LEAST = 2;
const MOST = 3;

export interface Histogram {
  readonly count: number;
  /** Of all values, in milliseconds. */
  readonly sumMs: number;
  record(ms: number): void;
  /** The value that `share` (0 to 1) of all values do not exceed (nearest rank), right to 1 %; 0 without any. */
  quantileMs(share: number): number;
  /** Adds all values of another. */
  add(other: Histogram): void;
  /** How many values fell into each part of each power of two; what `add` reads, with the bounds of all values. */
  readonly pages: readonly (Float64Array | undefined)[];
  readonly leastMs: number;
  readonly mostMs: number;
}

/**
 * The upper half of a double, cut off after six bits of its fraction: the power of two, and which of its 64 parts.
 * Shared by all histograms; nothing is left in it between two uses.
 */
const bits = new DataView(new ArrayBuffer(8));
const placeOf = (ms: number): number => {
  bits.setFloat64(0, ms);
  return bits.getUint32(0) >>> 14;
};
const FIRST_PAGE = Math.floor(placeOf(LEAST_MS) / PARTS);

/** The middle of a part. */
const middleOf = (page: number, part: number): number => {
  bits.setUint32(4, 0);
  bits.setUint32(0, ((page + FIRST_PAGE) * PARTS + part) * 2 ** 14 + 2 ** 13);
  return bits.getFloat64(0);
};

/** A power of two takes its 512 bytes with its first value; what one tool takes rarely spans more than six of them. */
export const createHistogram = (): Histogram => {
  const pages: (Float64Array | undefined)[] = [];
  // In an array, because a captured variable that holds a fraction is a new object with each change.
  const facts = new Float64Array(4);
  facts[LEAST] = Number.POSITIVE_INFINITY;
  const fact = (index: number): number => facts[index] as number;

  return {
    pages,
    get count() {
      return fact(COUNT);
    },
    get sumMs() {
      return fact(SUM);
    },
    get leastMs() {
      return fact(LEAST);
    },
    get mostMs() {
      return fact(MOST);
    },
    record(ms) {
      // Written so that what is no number is the least.
      const value = ms > LEAST_MS ? Math.min(ms, MOST_MS) : LEAST_MS;
      const place = placeOf(value);
      const index = (place >>> 6) - FIRST_PAGE;
      let page = pages[index];
      if (page === undefined) {
        page = new Float64Array(PARTS);
        pages[index] = page;
      }
      const part = place & (PARTS - 1);
      page[part] = (page[part] as number) + 1;
      facts[COUNT] = fact(COUNT) + 1;
      facts[SUM] = fact(SUM) + value;
      if (value < fact(LEAST)) facts[LEAST] = value;
      if (value > fact(MOST)) facts[MOST] = value;
    },
    quantileMs(share) {
      const rank = Math.max(1, Math.ceil(share * fact(COUNT)));
      let passed = 0;
      for (let index = 0; index < pages.length; index += 1) {
        const page = pages[index];
        if (page === undefined) continue;
        for (let part = 0; part < PARTS; part += 1) {
          passed += page[part] as number;
          if (passed >= rank) return Math.min(Math.max(middleOf(index, part), fact(LEAST)), fact(MOST));
        }
      }
      return 0;
    },
    add(other) {
      for (let index = 0; index < other.pages.length; index += 1) {
        const page = other.pages[index];
        if (page === undefined) continue;
        const own = pages[index] ?? new Float64Array(PARTS);
        for (let part = 0; part < PARTS; part += 1) own[part] = (own[part] as number) + (page[part] as number);
        pages[index] = own;
      }
      facts[COUNT] = fact(COUNT) + other.count;
      facts[SUM] = fact(SUM) + other.sumMs;
      facts[LEAST] = Math.min(fact(LEAST), other.leastMs);
      facts[MOST] = Math.max(fact(MOST), other.mostMs);
    },
  };
};
