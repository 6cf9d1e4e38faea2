/** What the pages say of trust and of configurations that change is what there is. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { HOSTS } from '../src/cli/import/host-files.ts';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');
const configuration = read('docs/configuration.md');
const commandLine = read('docs/command-line.md');

test('the example of watchConfig on the page is examples/watch-config.js', () => {
  const blocks = [...configuration.matchAll(/```js\n([\s\S]*?)```/g)].map(([, text]) => text);
  expect(blocks).toContain(read('examples/watch-config.js'));
});

test('everything that watchConfig takes, gives and tells is on the page', () => {
  const source = read('src/node/watch-config.ts');
  for (const name of ['WatchConfigOptions', 'ConfigChange', 'WatchedConfig']) {
    const body = new RegExp(`export interface ${name}[^{]*\\{\n([\\s\\S]*?)\n\\}`).exec(source)?.[1] ?? '';
    const fields = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, field = '']) => field);
    expect(fields.length).toBeGreaterThan(2);
    expect(fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(configuration))).toEqual([]);
  }
});

test('every host of import is on the page', () => {
  expect(Object.keys(HOSTS).filter((host) => !commandLine.includes(`\`${host}\``))).toEqual([]);
});
