import { describe, expect, test } from 'vitest';
import { createLedger, type LedgerFile } from './ledger.ts';

/** A file on a disk with so much room, which notes what is done to it. */
const disk = (log: string[], name: string, room = Number.POSITIVE_INFINITY) => {
  let content = Buffer.alloc(0);
  const file: LedgerFile = {
    async write(buffer, offset, length, position) {
      // A disk takes what it likes.
      const taken = Math.min(length, 7, room - position);
      if (taken <= 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      content = Buffer.concat([content.subarray(0, position), buffer.subarray(offset, offset + taken)]);
      return { bytesWritten: taken };
    },
    async truncate(length) {
      content = content.subarray(0, length);
    },
    async datasync() {
      log.push(`${name} ${content.toString().replaceAll('\n', '|')}`);
    },
    async close() {
      log.push(`${name} closed`);
    },
  };
  return { file, text: () => content.toString() };
};

const ledgerOn = (journalRoom?: number, resultRoom?: number) => {
  const log: string[] = [];
  const journal = disk(log, 'journal', journalRoom);
  const results = disk(log, 'results', resultRoom);
  const ledger = createLedger({ file: journal.file, path: '/j', size: 0 }, { file: results.file, path: '/r', size: 0 });
  return { ledger, log, journal, results };
};

describe('the ledger', () => {
  test('has begun a call on disk before it says so, and a result before its end', async () => {
    const { ledger, log } = ledgerOn();
    expect(await ledger.begin(1)).toBe(true);
    expect(log).toEqual(['journal {"begin":1}|']);
    expect(await ledger.settle(1, 'one\n')).toBe(true);
    expect(log.slice(1)).toEqual(['results one|', 'journal {"begin":1}|{"end":1}|']);
  });

  test('writes what waits at the same time together', async () => {
    const { ledger, log } = ledgerOn();
    await ledger.begin(1);
    await Promise.all([ledger.settle(1, 'one\n'), ledger.begin(2), ledger.begin(3), ledger.unsent(4)]);
    expect(log.slice(1)).toEqual([
      'results one|',
      'journal {"begin":1}|{"end":1}|{"begin":2}|{"begin":3}|{"unsent":4}|',
    ]);
  });

  test('begins nothing that cannot be noted, and leaves no half record', async () => {
    const { ledger, journal } = ledgerOn(17);
    expect(await ledger.begin(1)).toBe(true);
    expect(await ledger.begin(2)).toBe(false);
    expect(journal.text()).toBe('{"begin":1}\n');
    expect(ledger.failure?.message).toBe('cannot write /j: there is no space left on the disk');
    expect(await ledger.begin(3)).toBe(false);
  });

  test('where the disk is full, results that still fit are written whole, and the others are given back', async () => {
    const { ledger, results, journal } = ledgerOn(undefined, 12);
    const settled = await Promise.all([
      ledger.settle(1, 'a long result\n'),
      ledger.settle(2, 'short\n'),
      ledger.settle(3, 'another\n'),
    ]);
    expect(settled).toEqual([false, true, false]);
    expect(results.text()).toBe('short\n');
    expect(journal.text()).toBe('{"end":2}\n');
    expect(ledger.failure?.code).toBe('internal');
    expect(await ledger.begin(4)).toBe(false);
  });

  test('a result whose end cannot be noted is written all the same', async () => {
    const { ledger, results } = ledgerOn(5);
    expect(await ledger.settle(1, 'one\n')).toBe(true);
    expect(results.text()).toBe('one\n');
    expect(ledger.failure).toBeDefined();
  });

  test('writes everything before it closes', async () => {
    const { ledger, log } = ledgerOn();
    void ledger.settle(1, 'one\n');
    await ledger.close();
    expect(log).toEqual(['results one|', 'journal {"end":1}|', 'journal closed', 'results closed']);
  });
});
