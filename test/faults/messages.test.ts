import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drive, holds } from '../fixtures/faults/drive.ts';
import { over } from '../fixtures/faults/worlds.ts';

/** What text can trip over on its way: characters of four bytes, halves of them, line ends of every kind, byte order marks. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        '\u{feff}',
        '👩🏽‍🚀',
        '\u2028',
        '\u0000',
        '\ud800',
        'data: x\n\n',
        ': ',
        '"',
        '\\',
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));
const message = fc.oneof(
  text,
  fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text, { maxLength: 3 })), {
    maxKeys: 4,
  }),
);

describe('T7: a server that writes byte by byte', () => {
  describe.each(over('T7', { memory: 'no bytes travel there' }))('over $name', (fixture) => {
    test('1000 random messages arrive as they were sent', async () => {
      const { call, expectFine } = await drive(fixture);
      const batch = fc.array(message, { minLength: 50, maxLength: 50 });
      await holds(batch, 20, async (values) => {
        // A JSON text is what travels: −0 and keys that are undefined are none of it.
        const sent = JSON.parse(JSON.stringify(values));
        const back = await Promise.all(values.map((value) => call('slice', { value })));
        expect(back).toEqual(sent);
      });
      await expectFine();
    });
  });
});

describe('T10: a thousand calls in flight', () => {
  describe.each(over('T10'))('over $name', (fixture) => {
    test('are answered in another order, twice, among answers to nobody, and each gets its own', async () => {
      const rejections: unknown[] = [];
      const onRejection = (reason: unknown): void => void rejections.push(reason);
      process.on('unhandledRejection', onRejection);
      const { call, expectFine } = await drive(fixture, {}, { maxConcurrency: 1_000 });
      await expectFine();
      const values = Array.from({ length: 1_000 }, (_, i) => `value ${i}`);
      expect(await Promise.all(values.map((value) => call('reorder', { value, of: 1_000 })))).toEqual(values);
      await expectFine();
      await new Promise((resolve) => setImmediate(resolve));
      process.off('unhandledRejection', onRejection);
      expect(rejections).toEqual([]);
    });
  });
});
