/** The page about the loop tells the truth: its example is the one that runs, and it names every option, stop and event. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const pathOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(pathOf(path), 'utf8');
const page = read('docs/tool-loop.md');

test('the example on the page is examples/tool-loop.js', () => {
  expect(/```js\n([\s\S]*?)```/.exec(page)?.[1]).toBe(read('examples/tool-loop.js'));
});

test.each([
  ['src/llm/loop/options.ts', 'LoopOptions'],
  ['src/llm/loop/options.ts', 'LoopResult'],
  ['src/llm/loop/sampling.ts', 'SamplingOptions'],
])('every field of %s %s is on the page', (file, name) => {
  const body = new RegExp(`export interface ${name} \\{\n([\\s\\S]*?)\n\\}`).exec(read(file))?.[1] ?? '';
  const fields = [...body.matchAll(/^ {2}(\w+)\??[:(]/gm)].map(([, field = '']) => field);
  expect(fields.length).toBeGreaterThan(4);
  expect(fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(page))).toEqual([]);
});

test('every stop and every event is on the page', () => {
  const stops = [...(read('src/llm/loop/options.ts').split('export type LoopStop =')[1] ?? '').matchAll(/'(\w+)'/g)];
  const types = [...read('src/llm/loop/events.ts').matchAll(/type: ('\w+'(?: \| '\w+')*)/g)];
  const events = types.flatMap(([, names = '']) => [...names.matchAll(/'(\w+)'/g)]);
  expect(stops.length).toBeGreaterThan(10);
  expect(events.length).toBeGreaterThan(8);
  const names = [...stops, ...events].map(([, name = '']) => name);
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('the page links to files that exist, and the README to the page', () => {
  const linked = [...page.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, path = '']) => path);
  expect(linked).toContain('../examples/tool-loop.js');
  const missing = linked.filter((path) => !existsSync(pathOf(path.startsWith('../') ? path.slice(3) : `docs/${path}`)));
  expect(missing).toEqual([]);
  expect(read('README.md')).toContain('](docs/tool-loop.md)');
});
