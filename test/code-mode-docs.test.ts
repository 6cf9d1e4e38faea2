/** The page about programs of models tells the truth: its example is the one that runs, and it names every limit, option and default. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const pathOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(pathOf(path), 'utf8');
const page = read('docs/code-mode.md');

test('the example on the page is examples/code-mode.js', () => {
  expect(/```js\n([\s\S]*?)```/.exec(page)?.[1]).toBe(read('examples/code-mode.js'));
});

test('every option is on the page', () => {
  const body = /export interface CodeToolOptions \{\n([\s\S]*?)\n\}/.exec(read('src/llm/code/code-tool.ts'))?.[1] ?? '';
  const options = [...body.matchAll(/^ {2}(\w+)[?(:]/gm)].map(([, name = '']) => name);
  expect(options.length).toBeGreaterThan(3);
  expect(options.filter((name) => !new RegExp(`^\\| \`${name}\\b`, 'm').test(page))).toEqual([]);
});

test('every limit is on the page, with its default', () => {
  const defaults = /DEFAULTS: CodeLimits = \{\n([\s\S]*?)\n\}/.exec(read('src/llm/code/limits.ts'))?.[1] ?? '';
  const limits = [...defaults.matchAll(/^ {2}(\w+): ([\d_* ]+),$/gm)];
  expect(limits).toHaveLength(6);
  for (const [, name, value = ''] of limits) {
    const product = value.split('*').reduce((whole, factor) => whole * Number(factor.replaceAll('_', '')), 1);
    const written = String(product).replace(/\B(?=(\d{3})+$)/g, ' ');
    expect(page).toContain(`| \`${name}\` | ${written} |`);
  }
});

test('the page links to files that exist, and the README to the page', () => {
  const linked = [...page.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, path = '']) =>
    path.startsWith('../') ? path.slice(3) : `docs/${path}`,
  );
  expect(linked).toContain('examples/code-mode.js');
  expect(linked.filter((path) => !existsSync(pathOf(path)))).toEqual([]);
  expect(read('README.md')).toContain('](docs/code-mode.md)');
});
