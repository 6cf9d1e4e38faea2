import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, describe, expect, test } from 'vitest';
import { createEffectLog } from './effect-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'toolway-effects-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const freshFile = (): string => {
  files += 1;
  return join(folder, `effects-${files}.jsonl`);
};

describe.each([
  ['in memory', () => createEffectLog()],
  ['in a file', () => createEffectLog({ file: freshFile() })],
])('an effect log %s', (_name, create) => {
  test('keeps what was appended, in order', () => {
    const log = create();
    log.append('order 1');
    log.append('order 2', 3);
    expect(log.effects()).toEqual([
      { key: 'order 1', attempt: 1 },
      { key: 'order 2', attempt: 3 },
    ]);
    expect(log.effects('order 2')).toEqual([{ key: 'order 2', attempt: 3 }]);
  });

  test('holds when each key is there once', () => {
    const log = create();
    for (const key of ['a', 'b', '__proto__', 'constructor']) log.append(key);
    log.assertAtMostOnce();
    expect(log.violations()).toEqual([]);
  });

  test('names each key that took effect more than once, and how often', () => {
    const log = create();
    for (const key of ['twice', 'once', 'twice', 'often', 'often', 'often']) log.append(key);
    expect(log.violations()).toEqual([
      { key: 'twice', times: 2, attempts: [1, 2] },
      { key: 'often', times: 3, attempts: [1, 2, 3] },
    ]);
    expect(() => log.assertAtMostOnce()).toThrow(
      'took effect more than once:\n  twice: 2 times (attempts 1, 2)\n  often: 3 times (attempts 1, 2, 3)',
    );
  });

  test('a key may hold anything', () => {
    const log = create();
    const key = 'line\nline\u2028 "quoted" 🙂';
    log.append(key);
    expect(log.effects(key)).toHaveLength(1);
  });
});

describe('an effect log in a file', () => {
  test('goes on with a file that is there', () => {
    const file = freshFile();
    createEffectLog({ file }).append('a');
    const again = createEffectLog({ file });
    again.append('a');
    expect(again.violations()).toEqual([{ key: 'a', times: 2, attempts: [1, 2] }]);
  });

  test('a line that is not finished does not count', () => {
    const file = freshFile();
    const log = createEffectLog({ file });
    log.append('a');
    appendFileSync(file, '{"key":"b","att');
    expect(log.effects()).toEqual([{ key: 'a', attempt: 1 }]);
  });

  test('lines of several processes do not mix', async () => {
    const file = freshFile();
    const program = join(folder, 'program.cjs');
    const contents = `
      import { createEffectLog } from './effect-log.ts';
      const [, , file, name] = process.argv;
      const log = createEffectLog({ file });
      for (let i = 0; i < 200; i += 1) log.append(name + i + 'x'.repeat(i * 10), 1);`;
    buildSync({
      stdin: { contents, resolveDir: import.meta.dirname },
      bundle: true,
      platform: 'node',
      outfile: program,
    });
    const log = createEffectLog({ file });
    const children = ['a', 'b', 'c'].map((name) => spawn(process.execPath, [program, file, name]));
    await Promise.all(children.map((child) => once(child, 'exit')));
    expect(log.effects()).toHaveLength(600);
    log.assertAtMostOnce();
    expect(readFileSync(file, 'utf8').endsWith('\n')).toBe(true);
  });
});
