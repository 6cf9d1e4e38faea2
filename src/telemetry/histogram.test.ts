import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHistogram, type Histogram } from './histogram.ts';

const of = (values: readonly number[]): Histogram => {
  const histogram = createHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
};
const exact = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1] ?? 0;
const bytes = ({ pages }: Histogram): number => pages.reduce((sum, page) => sum + (page?.byteLength ?? 0), 0);

/** Times of all sizes alike: as many between 1 and 10 µs as between 6 and 60 minutes. */
const time = fc.double({ min: Math.log(0.001), max: Math.log(3_600_000), noNaN: true }).map(Math.exp);
const times = fc.array(time, { minLength: 1, maxLength: 300 });
const share = fc.oneof(fc.constantFrom(0, 0.5, 0.95, 0.99, 1), fc.double({ min: 0, max: 1, noNaN: true }));

describe('a histogram', () => {
  test('knows every quantile to within 1 %, from 1 µs to 1 h', () => {
    fc.assert(
      fc.property(times, share, (values, wanted) => {
        const truth = exact(values, wanted);
        expect(Math.abs(of(values).quantileMs(wanted) - truth) / truth).toBeLessThan(0.01);
      }),
      { numRuns: 1_000 },
    );
  });

  test('made of two others is that of all their values', () => {
    fc.assert(
      fc.property(times, times, share, (some, more, wanted) => {
        const both = of(some);
        both.add(of(more));
        const whole = of([...some, ...more]);
        expect(both.quantileMs(wanted)).toBe(whole.quantileMs(wanted));
        expect(both.count).toBe(some.length + more.length);
        expect(both.sumMs).toBeCloseTo(whole.sumMs, 3);
      }),
    );
  });

  test('of one value, or of equal ones, is exact', () => {
    expect(of([12.34]).quantileMs(0.99)).toBe(12.34);
    expect(of([0.5, 0.5, 0.5]).quantileMs(0.5)).toBe(0.5);
  });

  test('without values is 0', () => {
    expect(createHistogram()).toMatchObject({ count: 0, sumMs: 0 });
    expect(createHistogram().quantileMs(0.5)).toBe(0);
  });

  test('counts what is too short, too long, negative or no number at its ends', () => {
    const odd = of([0, -5, Number.NaN, 1e-9, Number.POSITIVE_INFINITY, 1e12]);
    expect(odd.count).toBe(6);
    expect([odd.quantileMs(0), odd.quantileMs(0.6)]).toEqual([0.001, 0.001]);
    expect(Math.abs(odd.quantileMs(0.7) - 3_600_000)).toBeLessThan(36_000);
    expect(odd.sumMs).toBeCloseTo(7_200_000.004, 6);
  });

  test('takes 2 KiB for times between 1 and 15 ms, however many, and 16 KiB at most', () => {
    const usual = createHistogram();
    for (let n = 0; n < 100_000; n += 1) usual.record(1 + (n % 1_400) / 100);
    expect(usual.count).toBe(100_000);
    expect(bytes(usual)).toBe(2_048);
    const all = createHistogram();
    for (let ms = 0.001; ms < 4_000_000; ms *= 1.01) all.record(ms);
    expect(bytes(all)).toBe(16_384);
  });
});
