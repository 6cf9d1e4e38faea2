/** The page about configuration tells the truth: its files are read, its command prints what it says, and it names every field. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parseLine } from '../src/cli/args.ts';
import { dialectOf } from '../src/config/dialects.ts';
import { readConfigText } from '../src/config/read.ts';
import { parseText, type TextFormat } from '../src/config/text.ts';
import { cli, folder } from './fixtures/cli/world.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(pathOf(path), 'utf8');
const page = read('docs/configuration.md');
const readme = read('README.md');
const schema = JSON.parse(read('config.schema.json'));
const validate = new Ajv({ allowUnionTypes: true, strictRequired: false }).compile(schema);

interface Block {
  format: TextFormat;
  /** The name in the comment of its first line. */
  file: string;
  text: string;
}

const blocks = (text: string): Block[] =>
  [...text.matchAll(/```(yaml|toml|json)\n([\s\S]*?)```/g)].map(([, format = '', body = '']) => ({
    format: format as TextFormat,
    file: /^(?:#|\/\/) (\S+\.\w+)\n/.exec(body)?.[1] ?? `example.${format}`,
    text: body,
  }));
const folders = { workspaceFolder: '/work', userHome: '/home/me', pathSeparator: '/' };

describe('files on the page', () => {
  const all = [...blocks(page), ...blocks(readme)];

  test('are of every format', () => {
    expect(new Set(all.map(({ format }) => format))).toEqual(new Set(['yaml', 'toml', 'json']));
    expect(all.length).toBeGreaterThanOrEqual(8);
  });

  test.each(all)('$file is read without a remark', async ({ format, file, text }) => {
    const { servers, problems } = await readConfigText(text, { file, format, folders });
    expect(problems.filter(({ level }) => level !== 'note')).toEqual([]);
    expect(Object.keys(servers).length).toBeGreaterThan(0);
    expect(Object.values(servers).filter(({ transport }) => typeof transport === 'function')).toEqual([]);
    if (dialectOf(file).name !== 'plain') return;
    const parsed = await parseText(text, format);
    expect(parsed.ok && validate(parsed.value), JSON.stringify(validate.errors)).toBe(true);
  });

  test('the same servers in three formats are the same', async () => {
    const same = blocks(page).slice(0, 3);
    expect(same.map(({ format }) => format)).toEqual(['yaml', 'toml', 'json']);
    const [one, ...others] = await Promise.all(
      same.map(({ text, format, file }) => readConfigText(text, { file, format })),
    );
    for (const other of others) expect({ ...other.servers }).toEqual({ ...one?.servers });
  });
});

test('the example on the page is examples/configuration.js', () => {
  expect(/```js\n([\s\S]*?)```/.exec(page)?.[1]).toBe(read('examples/configuration.js'));
});

test('the command on the page prints what it says there', async () => {
  const [, line = '', printed = ''] = /```console\n\$ toolway (.*)\n([\s\S]*?)```/.exec(page) ?? [];
  const cwd = folder();
  writeFileSync(join(cwd, 'toolway.yaml'), blocks(page)[0]?.text ?? '');
  const { code, out } = await cli(line.split(' '), { cwd });
  expect({ code, out }).toEqual({ code: 0, out: printed });
  expect(parseLine(line.split(' ')).name).toBe('config');
});

test('every field, setting and limit is on the page, with its meaning and its default', () => {
  const { definitions, properties } = schema;
  const described = { ...definitions.fields.properties, ...properties.limits.properties };
  const missing = Object.entries<{ description: string; default?: unknown }>(described).filter(([name, field]) => {
    const value = field.default;
    const shown = value === undefined ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
    return !row.includes(field.description) || !row.replaceAll(': ', ':').replaceAll(', ', ',').includes(shown);
  });
  expect(missing.map(([name]) => name)).toEqual([]);
  for (const setting of Object.keys(properties).filter((name) => !/^\$|servers$/i.test(name)))
    expect(page).toContain(`| \`${setting}\` |`);
});

test('every host whose files are read is on the page', () => {
  const titles = [...read('src/config/dialects.ts').matchAll(/title: '([^']+)'/g)].map(([, title = '']) => title);
  expect(titles.length).toBeGreaterThan(11);
  expect(titles.filter((title) => title !== 'Toolway' && !page.includes(`| [${title}](https://`))).toEqual([]);
});

test('the page links to files that exist, and the README to the page', () => {
  const linked = [...page.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, path = '']) => path);
  expect(linked).toContain('../examples/configuration.js');
  expect(linked.filter((path) => !existsSync(pathOf(join('docs', path))))).toEqual([]);
  expect(readme).toContain('](docs/configuration.md)');
});
