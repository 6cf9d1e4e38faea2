import { gzipSync } from 'node:zlib';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/index.ts';
import { type RestWorld, startRestWorld } from '../fixtures/rest-world.ts';

/** What no form of a web page can send. */
const FORM = { 'x-toolway': 'test' };

let world: RestWorld;
beforeAll(async () => {
  world = await startRestWorld();
});
afterAll(() => world.stop());

const bodyOf = async (response: Response): Promise<JsonObject> => (await response.json()) as JsonObject;

describe('plain HTTP in front of real servers', () => {
  test('calls a tool, gives its structured content, and says which arguments are wrong', async () => {
    const echo = await world.post('/api/tools/everything/echo', { message: 'hi' });
    expect([echo.status, await echo.json()]).toEqual([200, { content: [{ type: 'text', text: 'Echo: hi' }] }]);
    const weather = await world.post('/api/tools/everything/get-structured-content', { location: 'New York' });
    expect(await bodyOf(weather)).toMatchObject({ temperature: expect.any(Number), conditions: expect.any(String) });
    const wrong = await world.post('/api/tools/everything/get-sum', { a: 'one', b: 2 });
    expect([wrong.status, await bodyOf(wrong)]).toMatchObject([
      400,
      { code: 'invalid_arguments', executed: 'no', problems: [{ path: '/a' }] },
    ]);
  });

  test('gives an image as bytes', async () => {
    const image = await world.post('/api/tools/everything/get-tiny-image', {}, { accept: 'image/png' });
    expect(image.headers.get('content-type')).toBe('image/png');
    expect(
      Buffer.from(await image.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  });

  test('streams progress, and cancels the call when the stream is closed', async () => {
    const path = '/api/tools/everything/trigger-long-running-operation';
    const stream = await world.post(path, { duration: 1, steps: 4 }, { accept: 'text/event-stream' });
    const events = [...(await stream.text()).matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);
    expect(events).toEqual(['progress', 'progress', 'progress', 'progress', 'result']);
    const client = new AbortController();
    const long = await world.send(path, {
      method: 'POST',
      body: '{"duration":30,"steps":30}',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      signal: client.signal,
    });
    expect(long.status).toBe(200);
    await expect.poll(() => world.toolkit.calls()).toHaveLength(1);
    client.abort();
    await expect.poll(() => world.toolkit.calls()).toEqual([]);
  });

  test('runs a long call as a job', async () => {
    const accepted = await world.post(
      '/api/tools/everything/trigger-long-running-operation',
      { duration: 1, steps: 2 },
      { prefer: 'respond-async' },
    );
    expect(accepted.status).toBe(202);
    const job = async () => bodyOf(await world.send(accepted.headers.get('location') ?? ''));
    expect(await job()).toMatchObject({ status: 'running', server: 'everything' });
    await expect.poll(job).toMatchObject({ status: 'running', progress: { progress: 1, total: 2 } });
    await expect.poll(job, { timeout: 5_000 }).toMatchObject({ status: 'succeeded' });
  });

  test('takes a form, files among its parts', async () => {
    const form = new FormData();
    form.set('path', `${world.folder}/upload.txt`);
    form.set('content', new File(['what was uploaded'], 'a.txt', { type: 'text/plain' }));
    expect(
      (await world.send('/api/tools/files/write_file', { method: 'POST', body: form, headers: FORM })).status,
    ).toBe(200);
    const read = await world.post('/api/tools/files/read_text_file', { path: `${world.folder}/upload.txt` });
    expect(JSON.stringify(await read.json())).toContain('what was uploaded');
    const binary = new FormData();
    binary.set('path', `${world.folder}/upload.bin`);
    binary.set('content', new File([gzipSync('x')], 'a.gz'));
    const refused = await world.send('/api/tools/files/write_file', { method: 'POST', body: binary, headers: FORM });
    expect([refused.status, await bodyOf(refused)]).toMatchObject([400, { problems: [{ path: '/content' }] }]);
    const sum = new FormData();
    sum.set('a', '2');
    sum.set('b', '3.5');
    const added = await world.send('/api/tools/everything/get-sum', { method: 'POST', body: sum, headers: FORM });
    expect(JSON.stringify(await added.json())).toContain('5.5');
  });

  test('lists and reads resources and prompts', async () => {
    const { resources, resourceTemplates } = await bodyOf(await world.send('/api/resources?server=everything'));
    const [first] = resources as { uri: string }[];
    expect(resourceTemplates).not.toEqual([]);
    const read = await world.send(`/api/resources/read?uri=${encodeURIComponent(first?.uri ?? '')}`);
    expect(await bodyOf(read)).toMatchObject({ contents: [{ uri: first?.uri }] });
    const prompt = await world.post('/api/prompts/everything/args-prompt', { city: 'Bonn' });
    expect(JSON.stringify(await prompt.json())).toContain('Bonn');
    expect((await world.send('/api/resources/read?uri=nothing://here')).status).toBe(404);
    expect((await world.post('/api/prompts/everything/args-prompt', { city: 1 })).status).toBe(400);
  });

  test('answers many calls at once, in order', async () => {
    const calls = [1, 2, 3].map((n) => ({ server: 'everything', tool: 'echo', arguments: { message: `${n}` } }));
    const { outcomes } = await bodyOf(await world.post('/api/batch', { calls }));
    expect(outcomes).toMatchObject(
      [1, 2, 3].map((n) => ({ success: true, result: { content: [{ text: `Echo: ${n}` }] } })),
    );
  });

  test('asks for a key, and names the failure as a problem', async () => {
    const answer = await fetch(`${world.url}/api/tools`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([401, 'application/problem+json']);
    for (const path of ['/docs', '/docs/script.js', '/docs/style.css'])
      expect([path, (await fetch(`${world.url}${path}`)).status]).toEqual([path, 200]);
    expect((await fetch(`${world.url}/openapi.json`)).status).toBe(401);
    const admin = await world.send('/api/servers/memory/reconnect', { method: 'POST' });
    expect([admin.status, await bodyOf(admin)]).toMatchObject([403, { code: 'forbidden' }]);
  });

  test('describes all tools in a document that is valid, and stays the same while they do', async () => {
    for (const path of ['/openapi.json', '/openapi.json?server=files', '/api/servers/memory/openapi.json']) {
      const answer = await world.send(path);
      const document = await bodyOf(answer);
      const { valid, errors } = await new Validator().validate(structuredClone(document));
      expect([path, valid, errors]).toEqual([path, true, undefined]);
      const etag = answer.headers.get('etag') ?? '';
      expect((await world.send(path, { headers: { 'if-none-match': etag } })).status).toBe(304);
    }
    const paths = Object.keys((await bodyOf(await world.send('/openapi.json'))).paths as object);
    const tools = (await world.toolkit.listTools()).map(({ server, name }) => `/api/tools/${server}/${name}`);
    expect(tools.length).toBeGreaterThan(30);
    for (const path of tools) expect(paths).toContain(path);
  });

  test('has its page run nothing but its own script, under the policy that it is sent with', async () => {
    const page = await fetch(`${world.url}/docs`);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'; style-src 'self'");
    const text = await page.text();
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|https?:\/\//);
    expect(await (await fetch(`${world.url}/docs/script.js`)).text()).not.toMatch(
      /innerHTML|outerHTML|insertAdjacent|eval\(|localStorage|document\.write/,
    );
  });
});
