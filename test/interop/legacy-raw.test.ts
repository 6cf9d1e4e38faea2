import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { LogMessage, Progress, ServerConfig, TextContent, Toolkit, ToolkitOptions } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { nodeRuntime } from '../../src/node/runtime.ts';
import { assembleToolkit } from '../../src/toolkit/toolkit.ts';
import { installed, launch, program, until } from '../fixtures/servers/launch.ts';
import {
  answerJson,
  discovered,
  initialized,
  type Reply,
  said,
  startRaw,
  toolList,
} from '../fixtures/servers/raw-http.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const connect = async (config: ServerConfig, options: ToolkitOptions = {}): Promise<Toolkit> => {
  const toolkit = await createToolkit({ connect: 'wait', mcpServers: { s: { maxRetries: 0, ...config } }, ...options });
  closers.push(() => toolkit.close({ drainMs: 0 }));
  return toolkit;
};
const raw = (manner: string): ServerConfig => ({ command: process.execPath, args: [program('raw-stdio.js'), manner] });
const textOf = (result: { content: readonly unknown[] }): string => (result.content[0] as TextContent).text;
const heardBy = async (toolkit: Toolkit): Promise<string[]> => JSON.parse(textOf(await toolkit.callTool('s.heard')));

describe('on stdio', () => {
  test('an error answer to the probe is followed by the handshake at once', async () => {
    // With this clock no time ever passes, so whoever waits for a silence waits for ever.
    const clock = { ...systemClock, after: () => ({ cancel() {}, keepAlive() {} }) };
    const options = { mcpServers: { s: raw('refuses') } };
    const toolkit = await assembleToolkit({ ...options, connect: 'wait' }, () => ({ ...nodeRuntime(), clock }));
    closers.push(() => toolkit.close({ drainMs: 0 }));
    expect(toolkit.status().s).toMatchObject({ state: 'connected', era: 'legacy' });
    expect(await heardBy(toolkit)).toEqual([
      'server/discover',
      'initialize',
      'notifications/initialized',
      'tools/list',
      'tools/call',
    ]);
  });

  test('a server that exits on a first request it does not know is started again for the handshake', async () => {
    const toolkit = await connect(raw('exits'));
    expect(toolkit.status().s).toMatchObject({ state: 'connected', era: 'legacy' });
    expect(await heardBy(toolkit)).not.toContain('server/discover');
  });

  test('a server that never answers the probe is greeted in the legacy era', async () => {
    const toolkit = await connect(raw('silent'));
    expect(toolkit.status().s).toMatchObject({ state: 'connected', era: 'legacy' });
    // It has answered the probe by now, too late to matter.
    const heard = await heardBy(toolkit);
    expect(heard.slice(0, 3)).toEqual(['server/discover', 'initialize', 'notifications/initialized']);
    expect(heard).not.toContain('subscriptions/listen');
  });

  test('a late answer to the probe decides, when it comes first', async () => {
    const toolkit = await connect(raw('late-discover'));
    expect(toolkit.status().s).toMatchObject({ state: 'connected', era: 'modern' });
    await expect.poll(async () => textOf(await toolkit.callTool('s.heard'))).toContain('subscriptions/listen');
  });

  test('when both are answered the first one decides, and the other era is not spoken', async () => {
    const toolkit = await connect(raw('late-both'));
    expect(toolkit.status().s).toMatchObject({ state: 'connected', era: 'modern' });
    expect(await heardBy(toolkit)).not.toContain('notifications/initialized');
  });

  test.each(['supports-2025', 'lists-2025', 'answers-anything'])(
    'a server that answers the probe and is none of the modern era (%s) is greeted',
    async (manner) => {
      const toolkit = await connect(raw(manner));
      expect(toolkit.status().s).toMatchObject({ state: 'connected', era: 'legacy', protocolVersion: '2025-11-25' });
    },
  );

  test('a server of the future is not greeted in the language of the past', async () => {
    const toolkit = await connect(raw('supports-future'));
    expect(toolkit.status().s).toMatchObject({ state: 'failed', lastError: { executed: 'no', rpcCode: -32022 } });
  });

  test('a revision that nobody here knows ends the attempt, and says which', async () => {
    const toolkit = await connect(raw('future'));
    expect(toolkit.status().s).toMatchObject({ state: 'failed', lastError: { code: 'unsupported', executed: 'no' } });
    expect(toolkit.status().s?.lastError?.message).toContain('2099-01-01');
  });

  test('what a server says before it has answered the handshake is heard, and its questions are answered', async () => {
    const logs: LogMessage[] = [];
    const toolkit = await connect(raw('talkative'), {
      onLog: (log) => logs.push(log),
      roots: [{ uri: 'file:///work' }],
    });
    expect(logs.map(({ data }) => data)).toContain('before the handshake');
    await until(async () => {
      const heard = await heardBy(toolkit);
      return heard.includes('answer to 0') && heard.includes('answer to "a string"');
    }, 'both questions are answered');
  });

  test('messages in a batch are messages', async () => {
    const toolkit = await connect(raw('batches'));
    expect(toolkit.status().s).toMatchObject({ state: 'connected', protocolVersion: '2025-03-26' });
    const seen: Progress[] = [];
    await toolkit.callTool('s.batch', {}, { onProgress: (progress) => seen.push(progress) });
    expect(seen).toEqual([{ progress: 1 }]);
  });

  test('the last progress and the result in one chunk come in that order', async () => {
    const toolkit = await connect(raw('refuses'));
    const order: string[] = [];
    await toolkit.callTool('s.last-words', {}, { onProgress: () => order.push('progress') });
    expect(order).toEqual(['progress']);
  });
});

describe('over HTTP', () => {
  const LEGACY: Record<string, Reply> = {
    initialize: () => initialized(),
    'tools/list': () => toolList('work'),
    'tools/call': () => said('worked'),
  };
  const setUp = async (replies: Record<string, Reply>, config: Partial<ServerConfig> = {}) => {
    const server = await startRaw({ ...LEGACY, ...replies });
    closers.push(server.stop);
    return { server, toolkit: await connect({ url: server.url, ...config }) };
  };
  const answering =
    (status: number, type: string, text: string): Reply =>
    (_params, { response }) => {
      response.writeHead(status, { 'content-type': type }).end(text);
      return undefined;
    };
  const rpcError = (code: number, data?: object) =>
    JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message: 'no', data } });

  test.each<[string, Reply]>([
    ['400 and nothing', answering(400, 'text/plain', '')],
    ['400 and a legacy error', answering(400, 'application/json', rpcError(-32000))],
    ['404 and HTML', answering(404, 'text/html', '<html><body>Not Found</body></html>')],
    ['404 and a JSON-RPC error', answering(404, 'application/json', rpcError(-32601))],
    ['405', answering(405, 'text/plain', 'Method Not Allowed')],
    ['406', answering(406, 'application/json', rpcError(-32000))],
    ['422', answering(422, 'application/json', '{"detail":[]}')],
    ['200 and an error', () => ({ error: { code: -32601, message: 'Method not found' } })],
    ['200 and an empty result', () => ({})],
    ['200 and the revisions of 2025 alone', () => discovered(['2025-11-25', '2025-06-18'])],
    [
      '400 and −32022 with revisions of 2025',
      (_params, { response, body }) => {
        const data = { supported: ['2025-11-25'], requested: '2026-07-28' };
        answerJson(response, { jsonrpc: '2.0', id: body.id, error: { code: -32022, message: 'no', data } }, 400);
        return undefined;
      },
    ],
  ])('a server that answers the probe with %s is greeted in the legacy era', async (_name, probe) => {
    const { server, toolkit } = await setUp({ 'server/discover': probe });
    expect(toolkit.status().s).toMatchObject({ state: 'connected', era: 'legacy', transport: 'http' });
    expect(textOf(await toolkit.callTool('s.work'))).toBe('worked');
    expect(server.count('server/discover')).toBe(1);
  });

  test('the answer of a batch is found in it', async () => {
    const { toolkit } = await setUp({
      initialize: () => initialized('2025-03-26'),
      'tools/call': ({ _meta }, { response, body }) => {
        const { progressToken } = _meta as { progressToken: number };
        answerJson(response, [
          { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress: 1 } },
          { jsonrpc: '2.0', id: body.id, result: said('batched') },
        ]);
        return undefined;
      },
    });
    const seen: Progress[] = [];
    const result = await toolkit.callTool('s.work', {}, { onProgress: (progress) => seen.push(progress) });
    expect(textOf(result)).toBe('batched');
    expect(seen).toEqual([{ progress: 1 }]);
  });

  test.each<[string, Reply]>([
    ['400 and a JSON-RPC error', answering(400, 'application/json', rpcError(-32000))],
    ['400 and a text', answering(400, 'text/plain', 'No valid session ID provided')],
    ['200 and an error', () => ({ error: { code: -32001, message: 'Session not found' } })],
  ])('a session that the server does not know any more, told as %s, is opened again', async (_name, unknown) => {
    let known = '';
    let sessions = 0;
    const effects: string[] = [];
    const inSession =
      (reply: Reply): Reply =>
      (params, exchange) => {
        if (exchange.headers['mcp-session-id'] !== known) return unknown(params, exchange);
        effects.push(exchange.body.method ?? '');
        return reply(params, exchange);
      };
    const { toolkit } = await setUp({
      initialize: (_params, { response }) => {
        sessions += 1;
        known = `session-${sessions}`;
        response.setHeader('mcp-session-id', known);
        return initialized();
      },
      'tools/list': inSession(() => toolList('work')),
      'tools/call': inSession(() => said('worked')),
      'custom/ask': inSession(() => ({ asked: true })),
      ping: inSession(() => ({})),
    });
    known = 'another';
    effects.length = 0;
    // Whether a tool ran is not proven by such an answer, so the call is not sent again; everything after it works.
    await expect(toolkit.callTool('s.work')).rejects.toMatchObject({ executed: 'unknown' });
    expect(textOf(await toolkit.callTool('s.work'))).toBe('worked');
    expect(effects.filter((effect) => effect === 'tools/call')).toHaveLength(1);
    known = 'yet-another';
    expect(await toolkit.server('s').request('custom/ask')).toMatchObject({ asked: true });
    expect(sessions).toBe(3);
  });

  test('an error of a tool that looks like a lost session costs a question, and no session', async () => {
    const { server, toolkit } = await setUp({
      initialize: (_params, { response }) => {
        response.setHeader('mcp-session-id', 'one');
        return initialized();
      },
      'tools/call': () => ({ error: { code: -32000, message: 'the tool failed' } }),
      ping: () => ({}),
    });
    await expect(toolkit.callTool('s.work')).rejects.toMatchObject({ code: 'server_error', rpcCode: -32000 });
    expect(server.count('ping')).toBe(1);
    expect(server.count('initialize')).toBe(1);
  });

  test('server-everything, which says 400, is found again after a restart', async () => {
    const everything = [installed('@modelcontextprotocol/server-everything/dist/index.js'), 'streamableHttp'];
    const first = await launch(everything);
    closers.push(first.stop);
    const toolkit = await connect({ url: `${first.origin}/mcp` });
    await first.stop();
    const again = await launch(everything, { port: Number(new URL(first.origin).port) });
    closers.push(again.stop);
    const echoed = await until(
      () => toolkit.callTool('s.echo', { message: 'found' }).catch(() => undefined),
      'a call succeeds',
    );
    expect(textOf(echoed)).toBe('Echo: found');
  });

  test('a URL that speaks neither transport says what was wrong with both', async () => {
    const { toolkit } = await setUp({
      'server/discover': answering(404, 'text/plain', 'nothing here'),
      initialize: answering(404, 'text/plain', 'no post here'),
    });
    const { lastError, state } = toolkit.status().s ?? {};
    expect(state).toBe('failed');
    expect(lastError).toMatchObject({ code: 'connect_failed', executed: 'no', status: 404 });
    expect(lastError?.message).toContain('no post here');
    expect(lastError?.message).toContain('405');
  });

  test('a transport that is named is not replaced by another', async () => {
    const refusal = answering(404, 'text/plain', 'nothing here');
    const { server, toolkit } = await setUp({ 'server/discover': refusal, initialize: refusal }, { transport: 'http' });
    expect(toolkit.status().s?.state).toBe('failed');
    expect(server.seen.some(({ method }) => method === 'GET')).toBe(false);
  });

  test('a refusal of the handshake by a guard is the guard’s, not the transport’s', async () => {
    const { server, toolkit } = await setUp({
      'server/discover': answering(400, 'text/plain', ''),
      initialize: answering(401, 'text/plain', 'who are you'),
    });
    expect(toolkit.status().s).toMatchObject({ state: 'auth_required', lastError: { status: 401, executed: 'no' } });
    expect(server.seen.some(({ method }) => method === 'GET')).toBe(false);
  });

  test('the SSE endpoint of server-everything is found without being told', async () => {
    const server = await launch([installed('@modelcontextprotocol/server-everything/dist/index.js'), 'sse']);
    closers.push(server.stop);
    const toolkit = await connect({ url: `${server.origin}/sse` });
    expect(toolkit.status().s).toMatchObject({ state: 'connected', era: 'legacy', transport: 'sse' });
    expect(textOf(await toolkit.callTool('s.echo', { message: 'found' }))).toBe('Echo: found');
  });

  test('a lost SSE stream is opened again', async () => {
    const everything = [installed('@modelcontextprotocol/server-everything/dist/index.js'), 'sse'];
    const first = await launch(everything);
    closers.push(first.stop);
    const toolkit = await connect({ url: `${first.origin}/sse`, transport: 'sse', maxRetries: 100, retryDelayMs: 50 });
    await first.stop();
    await until(() => toolkit.status().s?.connected === false, 'the loss is noticed');
    const again = await launch(everything, { port: Number(new URL(first.origin).port) });
    closers.push(again.stop);
    await toolkit.waitForConnection('s', { timeoutMs: 20_000 });
    expect(textOf(await toolkit.callTool('s.echo', { message: 'back' }))).toBe('Echo: back');
  });
});
