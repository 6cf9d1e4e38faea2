import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createByteTail } from './byte-tail.ts';

test('it keeps the end of what was pushed, whatever the pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 40 })), (pieces) => {
      const tail = createByteTail(16);
      for (const piece of pieces) tail.push(Buffer.from(piece));
      expect(tail.text()).toBe(pieces.join('').slice(-16));
    }),
  );
});

test('half a character at the cut is left out', () => {
  const tail = createByteTail(6);
  tail.push(Buffer.from('😀😀'));
  expect(tail.text()).toBe('😀');
});
