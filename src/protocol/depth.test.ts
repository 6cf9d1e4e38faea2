import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deeperThan } from './depth.ts';

const nested = (depth: number, open = '[', close = ']'): unknown =>
  JSON.parse(open.repeat(depth) + close.repeat(depth));

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

describe('deeperThan', () => {
  test('counts arrays and objects, not what they hold', () => {
    expect(deeperThan('text', 0)).toBe(false);
    expect(deeperThan(null, 0)).toBe(false);
    expect(deeperThan({}, 0)).toBe(true);
    expect(deeperThan({ a: 1, b: 'x' }, 1)).toBe(false);
    expect(deeperThan({ a: [{}] }, 2)).toBe(true);
    expect(deeperThan({ a: [{}] }, 3)).toBe(false);
  });

  test('agrees with a plain recursive count for any value and limit', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.nat(10), (value, limit) => {
        expect(deeperThan(value, limit)).toBe(depthOf(value) > limit);
      }),
    );
  });

  test('64 levels pass the default limit and 65 do not', () => {
    expect(deeperThan(nested(64), 64)).toBe(false);
    expect(deeperThan(nested(65), 64)).toBe(true);
  });

  test.each([64, 1_000, 10 ** 9, Number.POSITIVE_INFINITY])(
    'a value 100 000 deep never exhausts the stack, limit %d',
    (limit) => {
      expect(deeperThan(nested(100_000), limit)).toBe(true);
      expect(deeperThan(JSON.parse(`${'{"__proto__":'.repeat(100_000)}1${'}'.repeat(100_000)}`), limit)).toBe(true);
    },
  );

  test('a limit that is no number lets nothing through', () => {
    expect(deeperThan({}, Number.NaN)).toBe(true);
    expect(deeperThan({}, -1)).toBe(true);
  });

  test('a branch behind 100 000 flat keys is still found', () => {
    const wide: Record<string, unknown> = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i]));
    expect(deeperThan(wide, 1)).toBe(false);
    wide.last = { more: [] };
    expect(deeperThan(wide, 2)).toBe(true);
  });
});
