/** Programs of models run in a page as well, in its own thread, under a Content-Security-Policy that allows WebAssembly alone. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../fixtures/chromium.ts';
import { host } from '../fixtures/servers/launch.ts';
import { bundlePage } from './bundle.ts';

const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const wasm = createRequire(import.meta.url).resolve('quickjs-wasi/quickjs.wasm');

let files: string;
let site: Awaited<ReturnType<typeof host>>;
let browser: Awaited<ReturnType<typeof launchChromium>>;
let page: Page;
const fetched: string[] = [];

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'toolway-code-page-'));
  await bundlePage(fileURLToPath(new URL('code-page.ts', import.meta.url)), files);
  site = await host(async ({ url = '/' }, response) => {
    fetched.push(url);
    const headers = { 'content-security-policy': POLICY };
    if (url === '/') {
      response.writeHead(200, { ...headers, 'content-type': 'text/html' });
      response.end('<!doctype html><script type="module" src="/code-page.js"></script>');
    } else if (url === '/quickjs.wasm') {
      response.writeHead(200, { ...headers, 'content-type': 'application/wasm' });
      response.end(await readFile(wasm));
    } else if (/^\/[\w-]+\.js$/.test(url)) {
      response.writeHead(200, { ...headers, 'content-type': 'text/javascript' });
      response.end(await readFile(join(files, url)));
    } else response.writeHead(404).end();
  });
  browser = await launchChromium();
  page = await browser.newPage();
  await page.goto(site.origin, { waitUntil: 'load' });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await site?.stop();
  await rm(files, { recursive: true, force: true });
});
const run = (code: string, timeoutMs?: number) =>
  page.evaluate(([program, ms]) => window.runCode(program, ms), [code, timeoutMs] as const);

test('the engine is fetched with the first program', async () => {
  expect(fetched).not.toContain('/quickjs.wasm');
  expect(await run('return 6 * 7')).toEqual(['42']);
  expect(fetched).toContain('/quickjs.wasm');
});
test('a program calls tools, and is told of failures without a word of the page', async () => {
  const code = `const all = await Promise.all([1, 2, 3].map((n) => tools.s.double({ n })));
    const failed = await tools.s.fail({}).catch((error) => error.message); return { sum: all.reduce((sum, { n }) => sum + n, 0), failed }`;
  expect(await run(code)).toEqual([
    '{"sum":12,"failed":"s.fail: the call failed"}',
    'With an outcome that is not known: these may have taken effect, look before you call them again: s.fail.',
  ]);
});
test('nothing of the page is there', async () => {
  expect(
    await run('return [typeof window, typeof document, typeof fetch, typeof self, typeof localStorage].join()'),
  ).toEqual(['undefined,undefined,undefined,undefined,undefined']);
});
test('a loop, a bomb and a fall are ended, and the page lives', async () => {
  expect((await run('for (;;) {}', 300))[0]).toContain('it may take 0.3 s');
  expect((await run('const all = []; for (;;) all.push("x".repeat(1e5) + all.length)'))[0]).toContain('memory');
  expect((await run('JSON.parse("[".repeat(2e5))'))[0]).toMatch(/RangeError|stack/);
  expect(await run('return 1')).toEqual(['1']);
});
