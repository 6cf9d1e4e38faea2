import { describe, expect, test } from 'vitest';
import { principal } from '../../../test/fixtures/gateway-app.ts';
import { bodyOf, restApp } from '../../../test/fixtures/rest-app.ts';
import { type ScriptedServer, scriptedServer, text } from '../../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, toolkitOf } from '../../../test/fixtures/toolkits.ts';
import type { ToolkitOptions } from '../../options.ts';
import type { JsonObject } from '../../protocol/types.ts';

const PNG = 'iVBORw0KGgo=';
const number = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };

const world = async (options: ToolkitOptions = {}) => {
  const seen: JsonObject[] = [];
  const server: ScriptedServer = scriptedServer({
    echo: (args) => {
      seen.push(args);
      return text(JSON.stringify(args));
    },
    double: ({ n }) => ({ ...text('ok'), structuredContent: { doubled: Number(n) * 2 } }),
    broken: () => ({ ...text('no such city'), isError: true }),
    fails: () => ({ error: { code: -32000, message: 'out of paper' } }),
    picture: () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }),
    drawing: () => ({ content: [{ type: 'image', data: btoa('<svg/>'), mimeType: 'image/svg+xml' }] }),
    both: () => ({
      content: [
        { type: 'text', text: 'look' },
        { type: 'audio', data: PNG, mimeType: 'audio/wav' },
      ],
    }),
    slow: () => undefined,
  });
  server.definitions.double = { inputSchema: number };
  const toolkit = await toolkitOf({ s: server }, options);
  return { app: restApp(toolkit), toolkit, seen, server };
};

describe('POST /api/tools/{server}/{tool}', () => {
  test('answers with the structured content where there is one, else with the content', async () => {
    const { app } = await world();
    const structured = await app.post('/api/tools/s/double', { n: 4 });
    expect(structured.status).toBe(200);
    expect(structured.headers.get('content-type')).toBe('application/json');
    expect(await structured.json()).toEqual({ doubled: 8 });
    const plain = await app.post('/api/tools/s/echo', { a: [1] });
    expect(await plain.json()).toEqual({ content: [{ type: 'text', text: '{"a":[1]}' }] });
  });

  test('takes no body for no arguments', async () => {
    const { app, seen } = await world();
    expect((await app.post('/api/tools/s/echo')).status).toBe(200);
    expect(seen).toEqual([{}]);
  });

  test.each([
    ['text', 'n=4', { 'content-type': 'text/plain' }, 415],
    ['a form of a web page', 'n=4', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a list', '[1]', {}, 400],
    ['null', 'null', {}, 400],
    ['half of an object', '{"n":', {}, 400],
    ['what is nested too deep', `{"n":${'['.repeat(64)}${']'.repeat(64)}}`, {}, 400],
  ])('refuses %s before anything is sent', async (_, body, headers, status) => {
    const { app, seen } = await world();
    const answer = await app.post('/api/tools/s/echo', body, headers);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(seen).toEqual([]);
  });

  test('refuses a body above the limit, declared or not', async () => {
    const { toolkit, seen } = await world();
    const app = restApp(toolkit, { limits: { ...restApp(toolkit).context.limits, maxBodyBytes: 10 } });
    const declared = await app.post('/api/tools/s/echo', { long: 'enough' }, { 'content-length': '17' });
    expect(declared.status).toBe(413);
    expect(await bodyOf(declared)).toMatchObject({ status: 413, code: 'message_too_large' });
    expect((await app.post('/api/tools/s/echo', { long: 'enough' })).status).toBe(413);
    expect(seen).toEqual([]);
  });

  test('says which arguments do not fit', async () => {
    const { app } = await world();
    const answer = await app.post('/api/tools/s/double', { n: 'four' });
    expect(answer.status).toBe(400);
    expect(await bodyOf(answer)).toMatchObject({
      code: 'invalid_arguments',
      server: 's',
      tool: 'double',
      executed: 'no',
      problems: [{ path: '/n' }],
    });
  });

  test('tells what a tool says of its own failure as 422', async () => {
    const { app } = await world();
    const answer = await app.post('/api/tools/s/broken', {});
    expect(answer.status).toBe(422);
    expect(await bodyOf(answer)).toEqual({
      type: 'urn:toolway:problem:tool_error',
      title: 'The tool reported an error',
      status: 422,
      code: 'tool_error',
      detail: 'no such city',
      server: 's',
      tool: 'broken',
      executed: 'yes',
      content: [{ type: 'text', text: 'no such city' }],
    });
  });

  test('tells an error of the server, an unknown tool and an unknown server', async () => {
    const { app } = await world();
    const failed = await app.post('/api/tools/s/fails', {});
    expect([failed.status, (await bodyOf(failed)).code]).toEqual([502, 'server_error']);
    const unknown = await app.post('/api/tools/s/nothing', {});
    expect([unknown.status, (await bodyOf(unknown)).code]).toEqual([404, 'unknown_tool']);
    expect((await app.post('/api/tools/nowhere/nothing', {})).status).toBe(404);
  });

  test('refuses a tool that does not exist for the caller, and one that the policy denies', async () => {
    const { app } = await world({
      policy: { default: 'allow', rules: [{ server: 's', tool: 'slow', action: 'deny' }] },
    });
    const denied = await app.post('/api/tools/s/slow', {});
    expect([denied.status, (await bodyOf(denied)).code]).toEqual([403, 'denied']);
    app.as(principal('bob', { sees: (_, tool) => tool !== 'echo' }));
    expect((await app.post('/api/tools/s/echo', {})).status).toBe(403);
  });

  test('gives the one image or sound as bytes where they are asked for', async () => {
    const { app } = await world();
    const picture = await app.post('/api/tools/s/picture', {}, { accept: 'image/*' });
    expect(picture.headers.get('content-type')).toBe('image/png');
    expect(picture.headers.get('x-content-type-options')).toBe('nosniff');
    expect(btoa(String.fromCharCode(...new Uint8Array(await picture.arrayBuffer())))).toBe(PNG);
    const sound = await app.post('/api/tools/s/both', {}, { accept: 'audio/wav' });
    expect(sound.headers.get('content-type')).toBe('audio/wav');
    for (const accept of ['*/*', 'application/json', 'image/*;q=0.1, application/json'])
      expect((await app.post('/api/tools/s/picture', {}, { accept })).headers.get('content-type')).toBe(
        'application/json',
      );
  });

  test('never lets a type that can run be shown', async () => {
    const { app } = await world();
    const drawing = await app.post('/api/tools/s/drawing', {}, { accept: 'image/svg+xml' });
    expect(drawing.headers.get('content-type')).toBe('application/octet-stream');
    expect(drawing.headers.get('content-disposition')).toBe('attachment');
  });

  test('cancels the call when the client leaves', async () => {
    const { app, toolkit } = await world();
    const client = new AbortController();
    const answer = app.post('/api/tools/s/slow', {}, {}, client.signal);
    await expect.poll(() => toolkit.calls()).toHaveLength(1);
    client.abort();
    expect((await answer).status).toBe(499);
    expect(toolkit.calls()).toEqual([]);
  });

  test('runs once for one idempotency key, and refuses the key for other arguments', async () => {
    const { app, seen } = await world();
    const key = { 'idempotency-key': 'k1' };
    expect((await app.post('/api/tools/s/echo', { a: 1 }, key)).status).toBe(200);
    expect((await app.post('/api/tools/s/echo', { a: 1 }, key)).status).toBe(200);
    expect(seen).toHaveLength(1);
    const other = await app.post('/api/tools/s/echo', { a: 2 }, key);
    expect([other.status, (await bodyOf(other)).code]).toEqual([409, 'invalid_arguments']);
    app.as(principal('bob'));
    expect((await app.post('/api/tools/s/echo', { a: 2 }, key)).status).toBe(200);
    expect(seen).toHaveLength(2);
  });

  test('waits no longer than the client prefers', async () => {
    const { toolkit, clock } = await clockedToolkitOf({ s: scriptedServer({ slow: () => undefined }) });
    const answer = restApp(toolkit).post('/api/tools/s/slow', {}, { prefer: 'wait=20' });
    await expect.poll(() => toolkit.calls()).toMatchObject([{ state: 'handed_over' }]);
    await clock.advance(19_999);
    expect(toolkit.calls()).toHaveLength(1);
    await clock.advance(1);
    expect((await answer).status).toBe(504);
  });
});

describe('what is no route', () => {
  test('is a problem, and so is a method that a path does not take', async () => {
    const { app } = await world();
    const nowhere = await app.get('/api/nowhere');
    expect([nowhere.status, nowhere.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    const wrong = await app.get('/api/tools/s/echo');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await bodyOf(wrong)).toMatchObject({ status: 405, title: 'The method is not allowed here' });
  });
});
