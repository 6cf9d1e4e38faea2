/** The page about testing tells the truth: its example is the one that runs, and it names every misbehaviour and toxic. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as kit from '../src/testing/index.ts';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');
const page = read('docs/testing.md');

test('the example on the page is examples/testing.js', () => {
  expect(/```js\n([\s\S]*?)```/.exec(page)?.[1]).toBe(read('examples/testing.js'));
});

test('everything that the entry exports is on the page', () => {
  expect(Object.keys(kit).filter((name) => !page.includes(`\`${name}`) && !page.includes(`${name}(`))).toEqual([]);
});

test.each(['src/testing/toxics.ts', 'src/testing/server/misbehaviour.ts'])('each type of %s is on the page', (file) => {
  const types = [...read(file).matchAll(/^ {2}type: '(\w+)';$/gm)].map(([, type]) => type);
  expect(types.length).toBeGreaterThan(8);
  expect(types.filter((type) => !page.includes(`| \`${type}\` |`))).toEqual([]);
});

test('what the page links to is there', () => {
  const linked = [...page.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, path = '']) => path.replace('../', ''));
  expect(linked).toContain('examples/testing.js');
  for (const path of linked) expect(() => read(path)).not.toThrow();
});
