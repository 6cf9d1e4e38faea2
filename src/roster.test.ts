import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRoster, type Seat } from './roster.ts';

test('a roster holds what a set would hold, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 30 })), (steps) => {
      const roster = createRoster<number>();
      const reference = new Map<number, Seat<number>>();
      for (const value of steps) {
        const seat = reference.get(value);
        if (seat === undefined) reference.set(value, roster.add(value));
        else {
          expect(roster.remove(seat)).toBe(true);
          expect(roster.remove(seat)).toBe(false);
          reference.delete(value);
        }
        expect(roster.size).toBe(reference.size);
        expect(roster.values().sort((a, b) => a - b)).toEqual([...reference.keys()].sort((a, b) => a - b));
      }
    }),
  );
});
