/** The page about the planner and the search tells the truth: its example is the one that runs, and it names every option. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const pathOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(pathOf(path), 'utf8');
const page = read('docs/planner-and-search.md');

test('the example on the page is examples/planner.js', () => {
  expect(/```js\n([\s\S]*?)```/.exec(page)?.[1]).toBe(read('examples/planner.js'));
});

test.each([
  ['PlannerOptions', 'src/llm/planner/planner.ts'],
  ['SearchToolsOptions', 'src/llm/search/search-tools.ts'],
])('every field of %s is on the page', (name, file) => {
  const body = new RegExp(`export interface ${name} \\{\n([\\s\\S]*?)\n\\}`).exec(read(file))?.[1] ?? '';
  const fields = [...body.matchAll(/^ {2}(\w+)\??[:(]/gm)].map(([, field = '']) => field);
  expect(fields.length).toBeGreaterThan(2);
  expect(fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(page))).toEqual([]);
});

test('the page links to files that exist, and the README to the page', () => {
  const linked = [...page.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, path = '']) => path.replace('../', ''));
  expect(linked).toContain('examples/planner.js');
  expect(linked.filter((path) => !existsSync(pathOf(path)))).toEqual([]);
  expect(read('README.md')).toContain('](docs/planner-and-search.md)');
});
