import { describe, expect, test } from 'vitest';
import { drive } from '../fixtures/faults/drive.ts';
import { over } from '../fixtures/faults/worlds.ts';

describe('T24: a list of tools', () => {
  describe.each(over('T24'))('over $name', (fixture) => {
    test.each([
      ['endless', { code: 'protocol_error', limit: 64, message: /more than 64 pages/ }],
      ['65', { code: 'protocol_error', limit: 64, message: /more than 64 pages/ }],
      ['repeated', { code: 'protocol_error', message: /repeats a cursor/ }],
      ['error', { code: 'server_error', rpcCode: -32_050, message: /page 3 is lost/ }],
      ['stale', { code: 'server_error', rpcCode: -32_602, message: /no such cursor/ }],
    ] as const)('that is %s is an error with its reason, and calls still work', async (pages, error) => {
      const { toolkit, warnings, expectFine } = await drive(fixture, { pages });
      const thrown = await toolkit.listTools({ server: 's' }).catch((reason: unknown) => reason);
      expect(thrown).toMatchObject({ ...error, message: expect.stringMatching(error.message) });
      await expectFine();
      expect(warnings.filter((warning) => error.message.test(warning)).length).toBeGreaterThan(0);
      expect(await toolkit.listTools()).toEqual([]);
    });

    test('of 64 pages is read to its end', async () => {
      const { toolkit, expectFine } = await drive(fixture, { pages: '64' });
      const names = (await toolkit.listTools({ server: 's' })).map(({ name }) => name);
      expect(names.filter((name) => name.startsWith('page-'))).toEqual(
        Array.from({ length: 63 }, (_, i) => `page-${i + 2}`),
      );
      await expectFine();
    });

    test('whose cursor is the empty string goes on there', async () => {
      const { toolkit, expectFine } = await drive(fixture, { pages: 'empty cursor' });
      const names = (await toolkit.listTools({ server: 's' })).map(({ name }) => name);
      expect(names).toContain('echo');
      expect(names).toContain('page-2');
      await expectFine();
    });
  });
});
