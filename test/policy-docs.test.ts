/** The page about the policy tells the truth: its example is the one that runs, and it names every part of rules, requests and answers. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const pathOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(pathOf(path), 'utf8');
const page = read('docs/policy.md');

test('the example on the page is examples/policy.js', () => {
  expect(/```js\n([\s\S]*?)```/.exec(page)?.[1]).toBe(read('examples/policy.js'));
});

test.each(['PolicyRule', 'ToolHints', 'ArgumentCondition', 'ApprovalRequest', 'ApprovalDecision'])(
  'every field of %s is on the page',
  (name) => {
    const body =
      new RegExp(`export interface ${name} \\{\n([\\s\\S]*?)\n\\}`).exec(read('src/permission.ts'))?.[1] ?? '';
    const fields = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, field = '']) => field);
    expect(fields.length).toBeGreaterThan(2);
    expect(fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(page))).toEqual([]);
  },
);

test('the page links to files that exist, and the README to the page', () => {
  const linked = [...page.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, path = '']) => path.replace('../', ''));
  expect(linked).toContain('examples/policy.js');
  expect(linked.filter((path) => !existsSync(pathOf(path)))).toEqual([]);
  expect(read('README.md')).toContain('](docs/policy.md)');
});
