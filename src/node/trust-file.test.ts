import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changeAgreements, readAgreements, trustFile } from './trust-file.ts';

const hash = (digit: string): string => digit.repeat(64);
const agreement = { name: 'files', file: '/project/mcp.json', at: 1 };
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toolway-trust-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error,
  );

test('what was agreed to is there for the next program, and for the user alone', async () => {
  const path = trustFile(join(folder, 'state'));
  expect(await readAgreements(path)).toEqual(new Map());
  await changeAgreements(path, (agreements) => agreements.set(hash('a'), agreement));
  expect(await readAgreements(path)).toEqual(new Map([[hash('a'), agreement]]));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'state'))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(folder, 'state'))).toEqual(['trust.json']);
});

test('programs that agree at the same moment lose nothing of each other', async () => {
  const path = trustFile(folder);
  const digits = [...'0123456789abcdef'];
  await Promise.all(digits.map((digit) => changeAgreements(path, (all) => all.set(hash(digit), agreement))));
  expect((await readAgreements(path)).size).toBe(16);
});

test.each([
  ['no JSON', '{"version":1,"trusted":{'],
  ['another version', '{"version":2,"trusted":{}}'],
  ['a list', '{"version":1,"trusted":[]}'],
  ['a hash that is none', '{"version":1,"trusted":{"abc":{"name":"a","file":"b","at":1}}}'],
  ['an entry that is none', `{"version":1,"trusted":{"${hash('a')}":true}}`],
  ['an entry without a file', `{"version":1,"trusted":{"${hash('a')}":{"name":"a","at":1}}}`],
])('%s is an error that names the file; nothing is trusted and nothing is lost', async (_, text) => {
  const path = trustFile(folder);
  await writeFile(path, text, { mode: 0o600 });
  const error = await failure(readAgreements(path));
  expect(error).toMatchObject({ code: 'invalid_config', executed: 'no' });
  expect(error.message).toContain(`${path}: `);
  expect(error.message).toContain('nothing is trusted until it is mended, or moved away');
  expect(await failure(changeAgreements(path, (all) => all.clear()))).toMatchObject({ code: 'invalid_config' });
  expect(await readFile(path, 'utf8')).toBe(text);
});

test('a file that others can write to counts for nothing', async () => {
  const path = trustFile(folder);
  await changeAgreements(path, (agreements) => agreements.set(hash('a'), agreement));
  await chmod(path, 0o622);
  expect((await failure(readAgreements(path))).message).toContain('other users can write to it');
});
