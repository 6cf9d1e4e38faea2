import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../fixtures/chromium.ts';
import { KEY, type RestWorld, startRestWorld } from '../fixtures/rest-world.ts';

let world: RestWorld;
let browser: Browser;
beforeAll(async () => {
  world = await startRestWorld();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
});

/** The page at `/docs`, and what went wrong in it or was fetched from elsewhere. */
const open = async (): Promise<{ page: Page; faults: string[] }> => {
  const page = await (await browser.newContext()).newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(world.url) && !request.url().startsWith('data:')) faults.push(request.url());
  });
  await page.goto(`${world.url}/docs`);
  return { page, faults };
};

test('the page at /docs asks for a key, shows the tools and calls one', async () => {
  const { page, faults } = await open();
  await page.getByText('A key is needed').waitFor();
  await page.getByLabel('Key').fill(KEY);
  await page.getByRole('button', { name: 'Load' }).click();
  const tool = page.locator('details.operation', { hasText: '/api/tools/everything/get-sum' });
  await tool.locator('summary').click();
  expect(await tool.locator('ul.schema').first().textContent()).toMatch(/a\s+number\s+required/);
  await tool.getByLabel('Arguments as JSON').fill('{"a": 20, "b": 22}');
  await tool.getByRole('button', { name: 'Call' }).click();
  await tool.getByText(/^200 in/).waitFor();
  expect(await tool.locator('pre').textContent()).toContain('The sum of 20 and 22 is 42.');
  await tool.getByLabel('Arguments as JSON').fill('{"a": "x"}');
  await tool.getByRole('button', { name: 'Call' }).click();
  await tool.getByText(/^400 in/).waitFor();
  await page.getByLabel('Find').fill('get-sum');
  await expect.poll(() => page.locator('details.operation:visible').count()).toBe(1);
  const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
  expect(kept).toEqual([0, 0, '']);
  expect(faults).toEqual([]);
});
