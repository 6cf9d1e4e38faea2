/** What the page about tools for models says of the rewriting is so: its example prints what it should, and every profile is in its table. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { convertTools, profileOf, toolProfiles } from '../src/llm/index.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const page = readFileSync(pathOf('docs/tools-for-models.md'), 'utf8');

test('the example finds what Gemini refuses, and rewrites it', async () => {
  const program = /```ts\n\/\/ convert\.ts\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'toolway-conversion-docs-'));
  try {
    const built = pathToFileURL(pathOf('dist/llm/index.js')).href;
    writeFileSync(join(folder, 'convert.mjs'), program.replace("'toolway/llm'", JSON.stringify(built)));
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'convert.mjs')]);
    for (const found of [
      ...["'property_key /properties/filter[kind]'", "'enum_value /properties/filter[kind]/enum/0'"],
      ...["'format /properties/since/format'", "'keyword /properties/since/minLength'"],
      ...['"name": "calendar__find.events"', "'rename none /properties/filter[kind]'"],
      ...["'describe hint /properties/since'", "calendar.find.events { 'filter[kind]': 2 }"],
    ]) {
      expect(stdout).toContain(found);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the name that the page shows is the one that comes of it', async () => {
  const tool = { server: 'calendar', name: 'find.events', qualifiedName: 'calendar.find.events', inputSchema: {} };
  const [converted] = convertTools([tool], await profileOf('anthropic')).tools;
  expect(page).toContain(`\`${converted?.name}\``);
});

test.each(toolProfiles)('the table says how long names are, and how many tools there may be, for %s', async (id) => {
  const { name, tools, strict } = await profileOf(id);
  const [, names = '', most = ''] = new RegExp(`\\| \`${id}\` \\| ([^|]*) \\| ([^|]*) \\|`).exec(page) ?? [];
  expect(names).toMatch(new RegExp(`^(${name.max} of letters|the same$)`));
  expect(most).toBe(strict?.budget ? `${strict.budget.tools} strict` : String(tools ?? 'any'));
});
