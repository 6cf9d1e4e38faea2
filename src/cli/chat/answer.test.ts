import { describe, expect, test } from 'vitest';
import { createStyle } from '../style.ts';
import { createAnswer } from './answer.ts';

const ESC = String.fromCharCode(27);
const view = { style: createStyle(false), columns: 60, hyperlinks: false, always: true };

const written = (markdown = true) => {
  const said: string[] = [];
  const answer = createAnswer({
    output: { print: async (text) => void said.push(text) },
    aside: (write) => write(),
    ...(markdown && { markdown: view }),
  });
  const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
  return { said, answer, settled };
};

describe('an answer in Markdown', () => {
  test('is shown paragraph by paragraph, each once it is whole', async () => {
    const { said, answer } = written();
    for (const delta of ['Hel', 'lo **wor', 'ld**.', '\n\nSecond ', 'one.']) answer.add(delta);
    await answer.end();
    expect(said).toEqual(['  Hello **world**.', '\n  Second one.']);
  });

  test('keeps the ends of the lines of a paragraph', async () => {
    const { said, answer } = written();
    answer.add('Ann\n12 High Street\n');
    await answer.end();
    expect(said).toEqual(['  Ann\n  12 High Street']);
  });

  test('shows a line without end in parts, and reads none of it twice', async () => {
    const { said, answer } = written(false);
    // Reading all of it anew with each word takes longer than a test may.
    for (let at = 0; at < 300_000; at += 1) answer.add('word ');
    await answer.end();
    expect(said.map(({ length }) => length).every((length) => length < 70_000)).toBe(true);
    expect(said.join('')).toBe('word '.repeat(300_000));
  });

  test('shows code line by line, as it comes', async () => {
    const { said, answer } = written();
    answer.add('Look:\n```js\nconst a = 1;\n');
    answer.add('const b = 2;\n');
    await answer.end();
    expect(said).toEqual(['  Look:', '\n      const a = 1;', '      const b = 2;']);
  });

  test('keeps a list together over its empty lines, with the code that stands in it', async () => {
    const { said, answer } = written();
    answer.add('1. one\n\n   ```\n   x\n\n   y\n   ```\n\n2. two\n\nafter\n');
    await answer.end();
    expect(said).toHaveLength(2);
    expect(said[0]).toContain('2. two');
    expect(said[1]).toBe('\n  after');
  });

  test('holds nothing that a terminal would obey, wherever the pieces are cut', async () => {
    const { said, answer } = written();
    for (const char of `a${ESC}[2Jb ${ESC}]0;title\u0007c\n\n\`\`\`\n${ESC}[31mred\n\`\`\`\n`) answer.add(char);
    await answer.end();
    expect(said.join('\n')).not.toContain(ESC);
    expect(said.join('\n')).not.toContain('title');
  });

  test('begins anew after its end', async () => {
    const { said, answer } = written();
    answer.add('one\n\ntwo');
    await answer.end();
    answer.add('three');
    await answer.end();
    expect(said).toEqual(['  one', '\n  two', '  three']);
  });
});

test('without Markdown each line is shown as soon as it is whole', async () => {
  const { said, answer, settled } = written(false);
  answer.add(`# one\r\ntw${ESC}[`);
  await settled();
  expect(said).toEqual(['# one']);
  answer.add('2Jo');
  await answer.end();
  expect(said).toEqual(['# one', 'two']);
});
