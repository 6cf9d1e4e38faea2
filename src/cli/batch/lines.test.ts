import { expect, test } from 'vitest';
import { createLineSet } from './line-set.ts';
import { linesOf } from './lines.ts';

const chunked = async function* (...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
};
const read = async (maxBytes: number, ...texts: string[]) => {
  const lines = [];
  for await (const { bytes, ...line } of linesOf(chunked(...texts), maxBytes))
    lines.push({ ...line, text: `${bytes}` });
  return lines;
};

test('lines are counted, wherever the chunks are cut; what follows the last line end is not complete', async () => {
  expect(await read(100, 'on', 'e\n\nth', 'ree\nrest')).toEqual([
    { number: 1, text: 'one', tooLong: false, complete: true, end: 4 },
    { number: 2, text: '', tooLong: false, complete: true, end: 5 },
    { number: 3, text: 'three', tooLong: false, complete: true, end: 11 },
    { number: 4, text: 'rest', tooLong: false, complete: false, end: 15 },
  ]);
  expect(await read(100, '')).toEqual([]);
});

test('of a line that is too long the beginning is kept, and the next one is whole', async () => {
  expect(await read(4, 'abcd\nabcde', 'fgh\nxy\n')).toMatchObject([
    { text: 'abcd', tooLong: false, end: 5 },
    { text: 'abcd', tooLong: true, end: 14 },
    { text: 'xy', tooLong: false, end: 17 },
  ]);
});

test('nothing is read ahead of the reader', async () => {
  let read = 0;
  const source = async function* () {
    for (;;) {
      read += 1;
      yield Buffer.from('a\nb\n');
    }
  };
  const lines = linesOf(source(), 10);
  await lines.next();
  await lines.next();
  expect(read).toBe(1);
  await lines.return(undefined);
});

test('a set of lines', () => {
  const set = createLineSet();
  for (const line of [1, 8, 1_000_000, 8]) set.add(line);
  expect([set.has(1), set.has(8), set.has(9), set.has(1_000_000), set.has(5_000_000), set.size]).toEqual([
    true,
    true,
    false,
    true,
    false,
    3,
  ]);
  set.delete(8);
  set.delete(9);
  expect([set.has(8), set.size]).toEqual([false, 2]);
});
