/** A headless Chromium and a page under a strict Content-Security-Policy, for tests of the browser entry. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { launchChromium } from '../fixtures/chromium.ts';
import { host } from '../fixtures/servers/launch.ts';
import { bundlePage } from './bundle.ts';

/** Nothing may run but the page's own files, and nothing that was made from a string. */
const POLICY = "default-src 'self'; script-src 'self'; connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*";

/** One open page, and what went wrong in it. */
export interface OpenPage {
  page: Page;
  /** Errors that nobody caught, and attempts against the policy. */
  faults(): Promise<string[]>;
  close(): Promise<void>;
}

export interface Browser {
  /** A page of its own, with `window.toolway` loaded. */
  open(): Promise<OpenPage>;
  close(): Promise<void>;
}

/** Starts Chromium with an empty profile, and serves the bundled page to it from loopback. */
export const startBrowser = async (): Promise<Browser> => {
  const files = await mkdtemp(join(tmpdir(), 'toolway-page-'));
  await bundlePage(fileURLToPath(new URL('page.ts', import.meta.url)), files);
  const site = await host(async ({ url = '/' }, response) => {
    const headers = { 'content-security-policy': POLICY };
    if (url === '/') {
      response.writeHead(200, { ...headers, 'content-type': 'text/html' });
      response.end('<!doctype html><script type="module" src="/page.js"></script>');
    } else if (/^\/[\w-]+\.js$/.test(url)) {
      response.writeHead(200, { ...headers, 'content-type': 'text/javascript' });
      response.end(await readFile(join(files, url)));
    } else response.writeHead(404).end();
  });
  const browser = await launchChromium();

  return {
    async open() {
      const context = await browser.newContext();
      const page = await context.newPage();
      const uncaught: string[] = [];
      page.on('pageerror', (error) => uncaught.push(`uncaught: ${error.message}`));
      await page.addInitScript(() => {
        window.violations = [];
        addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
          window.violations.push(`${violatedDirective} ${blockedURI}`),
        );
      });
      await page.goto(site.origin, { waitUntil: 'load' });
      return {
        page,
        faults: async () => [...uncaught, ...(await page.evaluate(() => window.violations))],
        close: () => context.close(),
      };
    },
    async close() {
      await browser.close();
      await site.stop();
      await rm(files, { recursive: true, force: true });
    },
  };
};
