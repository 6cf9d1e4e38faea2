/** The page about models tells the truth: its programs run, at servers that speak as the providers do, and it names every failure and option. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { transformSync } from 'esbuild';
import { expect, test } from 'vitest';
import { scriptedAnthropic, scriptedOpenAI } from './fixtures/llm/scripted-providers.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(pathOf(path), 'utf8');
const page = read('docs/models.md');
const built = pathToFileURL(pathOf('dist/llm/index.js')).href;

/** Runs the program on the page that stands under a heading, against the built library. */
const run = async (heading: string, env: Record<string, string> = {}): Promise<string> => {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const program = /```ts\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
  expect(program).not.toBe('');
  const folder = mkdtempSync(join(tmpdir(), 'toolway-models-docs-'));
  try {
    const file = join(folder, 'program.mjs');
    const { code } = transformSync(program, { loader: 'ts' });
    writeFileSync(file, code.replaceAll(/["']toolway\/llm["']/g, JSON.stringify(built)));
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env: { ...process.env, ...env } });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test('a model is asked', async () => {
  const server = await scriptedAnthropic({ text: 'It scatters.', usage: { input: 9, output: 4 } });
  const env = { ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: server.baseURL };
  expect(await run('Asking one', env)).toBe('It scatters.\nend, 4 tokens\n');
  await server.close();
});

test('a server is spoken to as it wants it', async () => {
  expect(await run('Servers of your own')).toBe('openai-responses openai-chat\n');
});

test('a failure says what happened, and whether another attempt can help', async () => {
  const fault = { status: 429, type: 'rate_limit_error', message: 'Slower', headers: { 'retry-after': '2' } };
  const server = await scriptedOpenAI({ fault });
  const said = /^rate: Slower \(status 429 of .*; again: true, after 2000 ms\n$/;
  expect(await run('When it fails', { MODEL_URL: server.baseURL })).toMatch(said);
  await server.close();
});

test('a model can be one of your own', async () => {
  expect(await run('One of your own')).toBe('text\ndone\n');
});

test('every failure is on the page', () => {
  const type = /export type ModelFailure =([^;]*);/.exec(read('src/llm/model-error.ts'))?.[1] ?? '';
  const failures = [...type.matchAll(/'(\w+)'/g)].map(([, failure = '']) => failure);
  expect(failures).toHaveLength(11);
  expect(failures.filter((failure) => !page.includes(`\`${failure}\``))).toEqual([]);
});
