import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPendingTable } from './pending.ts';

describe('the table of requests in flight', () => {
  test('finds each entry under its id alone, in any order of coming and going', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat()), { maxLength: 500 }), (steps) => {
        const table = createPendingTable<{ n: number }>();
        const reference = new Map<number, { n: number }>();
        const given = new Set<number>();
        for (const [n, step] of steps.entries()) {
          const known = [...reference.keys()];
          const id = step === null || known.length === 0 ? undefined : known[step % known.length];
          if (id === undefined) {
            const entry = { n };
            const made = table.add(entry);
            expect(given.has(made)).toBe(false);
            given.add(made);
            reference.set(made, entry);
          } else {
            expect(table.take(id)).toBe(reference.get(id));
            expect(table.take(id)).toBeUndefined();
            reference.delete(id);
          }
          for (const [known, entry] of reference) expect(table.get(known)).toBe(entry);
          expect(table.size).toBe(reference.size);
          expect(table.ids().sort()).toEqual([...reference.keys()].sort());
        }
      }),
      { numRuns: 50 },
    );
  });

  test('takes an id literally: no string, no fraction, no number that shares its slot', () => {
    const table = createPendingTable<string>();
    const id = table.add('mine');
    for (const other of [String(id), id + 0.5, id + 64, id + 2 ** 32, -id, null, undefined, Number.NaN, {}, [id]]) {
      expect(table.get(other)).toBeUndefined();
    }
    expect(table.get(0)).toBeUndefined();
    expect(table.take(id)).toBe('mine');
  });

  test('an id that was never given takes nothing, however often: the table still finds room for all', () => {
    const table = createPendingTable<string>();
    for (const never of [0, -0, -1, 63, -64, -65, 64, 2 ** 32]) {
      for (let n = 0; n < 200; n += 1) expect(table.take(never)).toBeUndefined();
    }
    expect(table.size).toBe(0);
    for (let n = 1; n <= 1_000; n += 1) {
      table.add('mine');
      table.take(0);
      expect(table.size).toBe(n);
    }
  });

  test('one long call among a million short ones does not make it grow or give an id twice', () => {
    const table = createPendingTable<string>();
    const long = table.add('long');
    let last = long;
    for (let n = 0; n < 1_000_000; n += 1) {
      const id = table.add('short');
      if (id <= last) throw new Error(`${id} after ${last}`);
      last = id;
      table.take(id);
    }
    expect(table.get(long)).toBe('long');
    expect(table.size).toBe(1);
  });
});
