import { expect, test } from 'vitest';
import { createShelf } from './shelf.ts';

/** Puts four on, of which each of the last two takes the place of one before. */
const fillAsMallory = (shelf: ReturnType<typeof createShelf>, bytes: number): void => {
  for (const [id, gone] of [
    ['m1', []],
    ['m2', []],
    ['m3', ['m1']],
    ['m4', ['m2']],
  ] as const)
    expect(shelf.add('mallory', id, bytes)).toEqual(gone);
};

test('whoever has most of the bytes makes room, the oldest first, and nobody else does', () => {
  const shelf = createShelf({ maxBytes: 100 });
  expect(shelf.add('ann', 'a1', 10)).toEqual([]);
  fillAsMallory(shelf, 40);
  expect(shelf.add('bob', 'b1', 15)).toEqual(['m3']);
  shelf.remove('m4');
  expect(shelf.add('bob', 'b2', 70)).toEqual([]);
});

test('so it is with their number', () => {
  const shelf = createShelf({ maxBytes: 1_000, maxEntries: 3 });
  shelf.add('ann', 'a1', 900);
  fillAsMallory(shelf, 1);
});

test('what was put on last stays, also where it alone is too large; under the same id it is one', () => {
  const shelf = createShelf({ maxBytes: 100 });
  shelf.add('ann', 'a1', 60);
  expect(shelf.add('ann', 'a1', 70)).toEqual([]);
  expect(shelf.add('ann', 'a2', 200)).toEqual(['a1']);
  expect(shelf.add('bob', 'b1', 1)).toEqual(['a2']);
});
