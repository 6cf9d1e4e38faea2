import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Toolkit } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { type ServedGateway, serveGateway } from '../../src/node/serve.ts';
import { launchChromium } from '../fixtures/chromium.ts';
import { type PersonalServer, startPersonalServer } from '../fixtures/personal-server.ts';

const KEY = 'gateway-key-of-ann-111';
const HOSTILE = 'x<img src=q onerror=alert(1)>\u202e';

let upstream: PersonalServer;
let toolkit: Toolkit;
let gateway: ServedGateway;
let browser: Browser;
beforeAll(async () => {
  upstream = await startPersonalServer();
  toolkit = await createToolkit({
    connect: 'lazy',
    mcpServers: {
      web: { url: `${upstream.origin}/mcp`, headers: { authorization: 'Bearer ${principal:TOKEN}' } },
      local: { command: 'node', args: [HOSTILE], env: { A: '${principal:TOKEN}' } },
    },
  });
  gateway = await serveGateway(toolkit, { port: 0, access: { apiKeys: [{ name: 'ann', key: KEY }] } });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await gateway?.close();
  await toolkit?.close({ drainMs: 0 });
  await upstream?.stop();
});

test('a person signs in, sees where a credential goes, gives, replaces and revokes it', async () => {
  const page = await (await browser.newContext()).newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(gateway.url)) faults.push(request.url());
  });
  await page.goto(`${gateway.url}/credentials/web`);
  await page.getByText('Sign in: credentials belong to whoever gives them.').waitFor();
  await page.getByLabel('Key of the gateway').fill(KEY);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText(`It is sent to ${upstream.origin}`).waitFor();
  expect(await page.locator('#who').textContent()).toBe('key:ann');
  await page.getByLabel('TOKEN').fill('short');
  await page.getByRole('button', { name: 'Give' }).click();
  await page.getByText('must have 6 to 8192 characters').waitFor();
  await page.getByLabel('TOKEN').fill('ann-secret-token-aaaa');
  await page.getByRole('button', { name: 'Give' }).click();
  await page.getByText('Given to web. You can close this page.').waitFor();
  await page.getByText('You gave it. Since').waitFor();
  expect(await page.getByLabel('TOKEN').inputValue()).toBe('');
  const called = await toolkit.callTool('web.whoami', {}, { principal: 'key:ann', scope: 'key:ann' });
  expect(called.content).toMatchObject([{ text: 'aaaa' }]);
  await page.getByLabel('TOKEN').fill('ann-second-token-cccc');
  await page.getByRole('button', { name: 'Replace' }).click();
  await page.getByText('Given to web.').waitFor();
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('Revoked: web').waitFor();
  await page.getByText('You have not given it.').waitFor();

  await page.goto(`${gateway.url}/credentials`);
  const local = page.locator('section', { hasText: 'It is handed to the program' });
  expect(await local.locator('code').textContent()).toBe('node x<img src=q onerror=alert(1)>\\u{202e}');
  await page.goto(`${gateway.url}/credentials/nobody`);
  await page.getByText('There is no server of this name').waitFor();
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie])).toEqual([0, 0, '']);
  expect(faults).toEqual([]);
});

test('the page runs nothing of its own, is framed by nobody, and a cookie alone changes nothing', async () => {
  const answer = await fetch(`${gateway.url}/credentials/web`);
  const policy = answer.headers.get('content-security-policy') ?? '';
  for (const part of ["default-src 'none'", "script-src 'self'", "form-action 'none'", "frame-ancestors 'none'"])
    expect(policy).toContain(part);
  expect(await answer.text()).not.toMatch(/<script(?![^>]* src=)|\son\w+=|style=/);
  const session = await fetch(`${gateway.url}/api/session`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}` },
  });
  const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? '';
  const change = (headers: Record<string, string>) =>
    fetch(`${gateway.url}/api/credentials/web`, {
      method: 'PUT',
      headers: { cookie, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ values: { TOKEN: 'forged-by-a-stranger' } }),
    });
  expect((await change({})).status).toBe(403);
  expect((await change({ 'x-toolway': '1', origin: 'https://evil.example' })).status).toBe(403);
  expect((await change({ 'x-toolway': '1' })).status).toBe(200);
});

test('what a person agreed to give to one place is not taken for another', async () => {
  const page = await (await browser.newContext({ extraHTTPHeaders: { 'X-API-Key': KEY } })).newPage();
  await page.goto(`${gateway.url}/credentials/moved`);
  await page.getByText('There is no server of this name').waitFor();
  const headers = { authorization: 'Bearer ${principal:TOKEN}' };
  /** Without a credential it is there, and not connected. */
  const add = (origin: string) =>
    expect(toolkit.addServer('moved', { url: `${origin}/mcp`, headers })).rejects.toThrow('each caller');
  await add(upstream.origin);
  await page.reload();
  await page.getByText(`It is sent to ${upstream.origin}`).waitFor();
  await toolkit.removeServer('moved');
  await add('https://elsewhere.example');
  await page.getByLabel('TOKEN').fill('meant-for-the-first');
  await page.getByRole('button', { name: 'Give' }).click();
  await page.getByText('the server is somewhere else now').waitFor();
  await page.getByText('It is sent to https://elsewhere.example').waitFor();
  await page.getByText('You have not given it.').waitFor();
});
