/** `POST /api/chat`: a model that speaks by a script, through a whole gateway, for callers who see different things. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createGateway, type GatewayLimits, gatewayHandlers } from '../../src/gateway/index.ts';
import type { ChatModel } from '../../src/llm/model.ts';
import { ModelError } from '../../src/llm/model-error.ts';
import { openaiModel } from '../../src/llm/models/openai.ts';
import { createGatewayChat, type GatewayChatOptions } from '../../src/node/chat.ts';
import type { Policy } from '../../src/permission.ts';
import { scriptedModel } from '../fixtures/llm/scripted-chat-model.ts';
import { scriptedOpenAI } from '../fixtures/llm/scripted-providers.ts';
import { scriptedServer, text } from '../fixtures/scripted-server.ts';
import { toolkitOf } from '../fixtures/toolkits.ts';

type Json = Record<string, unknown>;
type Turns = Parameters<typeof scriptedModel>[0];

const KEYS = [
  { name: 'ann', key: 'key-of-ann' },
  { name: 'bob', key: 'key-of-bob', tools: ['shop.look'] },
  { name: 'reader', key: 'key-of-reader', scopes: ['read' as const] },
  { name: 'boss', key: 'key-of-boss', scopes: ['call' as const, 'approve' as const, 'admin' as const] },
];
const OPEN: Policy = { default: 'allow', rules: [{ tainted: true, action: 'allow' }] };

interface Wishes extends Partial<Omit<GatewayChatOptions, 'model'>> {
  policy?: Policy;
  limits?: GatewayLimits;
}
const world = async (turns: Turns, { policy = OPEN, limits = {}, ...more }: Wishes = {}) => {
  const calls: [string, Json][] = [];
  const shop = scriptedServer({
    look: (args) => {
      calls.push(['look', args]);
      return text('7 cups');
    },
    buy: (args) => {
      calls.push(['buy', args]);
      return text('bought');
    },
    hang: () => undefined,
  });
  const toolkit = await toolkitOf({ shop }, { ...gatewayHandlers, policy });
  const model = scriptedModel(turns);
  const gateway = createGateway(toolkit, {
    access: { apiKeys: KEYS },
    limits,
    chat: createGatewayChat({ model, ...more }),
  });
  onTestFinished(() => gateway.close());
  const send = async (who: string, path: string, body?: unknown, headers: Json = {}, signal?: AbortSignal) =>
    gateway.fetch(
      new Request(`http://localhost${path}`, {
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
        ...(signal !== undefined && { signal }),
        headers: { 'x-api-key': `key-of-${who}`, 'content-type': 'application/json', ...headers },
      }),
      { peerAddress: '127.0.0.1' },
    );
  const ask = async (who: string, body: Json): Promise<{ status: number; body: Json }> => {
    const response = await send(who, '/api/chat', body);
    return { status: response.status, body: (await response.json()) as Json };
  };
  return { calls, model, send, ask, shop, gateway };
};

/** What a caller hears of a model behind a gateway of its own. */
const behind = async (model: ChatModel): Promise<{ event: string; data: Json }[]> => {
  const gateway = createGateway(await toolkitOf({}), { access: { auth: 'none' }, chat: createGatewayChat({ model }) });
  onTestFinished(() => gateway.close());
  const init = { method: 'POST', body: '{"messages":"x"}', headers: { 'content-type': 'application/json', ...STREAM } };
  const answer = await gateway.fetch(new Request('http://localhost/api/chat', init), { peerAddress: '127.0.0.1' });
  return eventsIn(await answer.text());
};

const STREAM = { accept: 'text/event-stream' };
const eventsIn = (said: string): { event: string; data: Json }[] =>
  said
    .split('\n\n')
    .filter((block) => block.startsWith('event: '))
    .map((block) => {
      const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      return { event, data: JSON.parse(data) as Json };
    });

const buy = { calls: [{ name: 'shop__buy', arguments: { n: 1 } }] };
const look = { calls: [{ name: 'shop__look' }] };

describe('a model behind the gateway', () => {
  test('answers in one piece, with what went before', async () => {
    const { ask, calls, model } = await world([look, 'There are 7 cups.', 'As I said: 7.']);
    const first = await ask('ann', { messages: 'how many cups?', system: 'Be brief.' });
    expect(first).toMatchObject({
      status: 200,
      body: { text: 'There are 7 cups.', stop: 'end', steps: 2, toolCalls: 1, usage: { input: 20, output: 10 } },
    });
    expect(calls).toEqual([['look', {}]]);
    const { conversation } = first.body;
    const second = await ask('ann', { messages: [{ role: 'user', content: 'again?' }], conversation });
    expect(second.body).toMatchObject({ text: 'As I said: 7.', toolCalls: 0 });
    expect(JSON.stringify(model.requests[2]?.messages)).toMatch(/how many cups.*7 cups.*There are 7 cups.*again/);
    expect(JSON.stringify(model.requests[0]?.system)).toContain('Be brief.');
  });

  test('answers as a stream of events, the last of which is the whole', async () => {
    const { send } = await world([look, 'There are 7 cups.']);
    const response = await send('ann', '/api/chat', { messages: 'how many cups?' }, STREAM);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const events = eventsIn(await response.text());
    const names = events.map(({ event }) => event);
    expect(names.filter((name) => ['call', 'result', 'done'].includes(name))).toEqual(['call', 'result', 'done']);
    expect(events.find(({ event }) => event === 'call')?.data).toMatchObject({ name: 'shop.look' });
    const said = events.filter(({ event }) => event === 'text').map(({ data }) => data.delta);
    expect(said.join('')).toBe('There are 7 cups.');
    expect(events.at(-1)).toMatchObject({ event: 'done', data: { text: 'There are 7 cups.', stop: 'end' } });
  });

  test('is shown, and may call, what its caller sees, whatever the model writes', async () => {
    const { ask, calls, model } = await world([buy, 'I cannot.']);
    expect((await ask('bob', { messages: 'buy one' })).body).toMatchObject({ text: 'I cannot.' });
    expect(model.requests[0]?.tools.map(({ name }) => name)).toEqual(['shop__look']);
    expect(calls).toEqual([]);
    expect(await ask('bob', { messages: 'x', servers: ['nope'] })).toMatchObject({ status: 404 });
  });

  test('has its calls approved by somebody who may, through the approvals of the gateway', async () => {
    const { ask, send, calls } = await world([buy, 'Bought.'], { policy: {} });
    const answer = ask('ann', { messages: 'buy one' });
    const pending = async () =>
      ((await (await send('boss', '/api/approvals')).json()) as { approvals: Json[] }).approvals[0];
    await expect.poll(pending).toBeDefined();
    const approval = (await pending()) as Json;
    expect(approval).toMatchObject({ principal: 'key:ann', server: 'shop', tool: 'buy', arguments: { n: 1 } });
    expect(calls).toEqual([]);
    await send('boss', `/api/approvals/${approval.id}`, { decision: 'once' });
    expect((await answer).body).toMatchObject({ text: 'Bought.' });
    expect(calls).toEqual([['buy', { n: 1 }]]);
  });

  test('what the model has read counts: a rule that allows is not enough for what it chooses then', async () => {
    const { ask, send } = await world([look, buy, 'Not bought.'], { policy: { default: 'allow' } });
    const answer = ask('ann', { messages: 'look and buy' });
    const pending = async () =>
      ((await (await send('boss', '/api/approvals')).json()) as { approvals: Json[] }).approvals[0];
    await expect.poll(pending).toMatchObject({ tool: 'buy' });
    await send('boss', `/api/approvals/${(await pending())?.id}`, { decision: 'deny' });
    expect((await answer).body).toMatchObject({ text: 'Not bought.' });
  });

  test('says of each call that waits for somebody what is asked and until when, under the id of the call', async () => {
    const both = {
      calls: [
        { name: 'shop__buy', arguments: { n: 1 } },
        { name: 'shop__buy', arguments: { n: 2 } },
      ],
    };
    const { send, calls } = await world([look, both, 'Done.'], {
      policy: { rules: [{ tool: 'look', action: 'allow' }] },
    });
    const response = await send('ann', '/api/chat', { messages: 'buy some' }, STREAM);
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    let said = '';
    const until = async (isEnough: () => boolean): Promise<void> => {
      while (!isEnough()) {
        const { value, done } = (await reader?.read()) ?? { done: true };
        if (done) break;
        said += decoder.decode(value, { stream: true });
      }
    };
    const of = (wanted: string) => eventsIn(said).filter(({ event }) => event === wanted);
    await until(() => of('approval').length === 2);
    const asked = of('approval').map(({ data }) => data as { id: string; approval: Json });
    const called = of('call').map(({ data }) => data);
    for (const { id, approval } of asked) {
      const { arguments: args } = called.find((call) => call.id === id) ?? {};
      expect(approval).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        server: 'shop',
        tool: 'buy',
        arguments: args,
        reason: expect.any(String),
        createdAt: expect.any(String),
        expiresAt: expect.any(String),
      });
      const { id: _, reason: __, createdAt, expiresAt } = approval as Record<string, string>;
      expect(Date.parse(expiresAt ?? '') - Date.parse(createdAt ?? '')).toBe(300_000);
    }
    expect(asked.map(({ approval }) => approval.arguments)).toEqual(expect.arrayContaining([{ n: 1 }, { n: 2 }]));
    expect(calls.filter(([name]) => name === 'buy')).toEqual([]);
    for (const { approval } of asked) {
      const decision = (approval.arguments as Json).n === 1 ? 'once' : 'deny';
      expect((await send('boss', `/api/approvals/${approval.id}`, { decision })).status).toBe(200);
    }
    await until(() => false);
    expect(calls.filter(([name]) => name === 'buy')).toEqual([['buy', { n: 1 }]]);
    const resultOf = (n: number) => {
      const { id } = asked.find(({ approval }) => (approval.arguments as Json).n === n) ?? {};
      return of('result').find(({ data }) => data.id === id)?.data;
    };
    expect(resultOf(1)).toMatchObject({ result: { content: [{ text: 'bought' }] } });
    expect(resultOf(2)).toMatchObject({ error: { code: 'denied' } });
  });

  test('ends when nobody listens any more', async () => {
    const { send, shop } = await world([{ calls: [{ name: 'shop__hang' }] }, 'never']);
    const response = await send('ann', '/api/chat', { messages: 'hang' }, STREAM);
    const reader = response.body?.getReader();
    for (let seen = ''; !seen.includes('event: call'); ) {
      seen += new TextDecoder().decode((await reader?.read())?.value);
    }
    await expect.poll(() => JSON.stringify(shop.latest().sent)).toContain('"hang"');
    await reader?.cancel();
    await expect.poll(() => JSON.stringify(shop.latest().sent)).toContain('notifications/cancelled');
  });

  test('goes no further than the configuration allows, whatever the caller asks for', async () => {
    const { ask } = await world([look, look, look, 'x'], { maxSteps: 2 });
    expect((await ask('ann', { messages: 'go', maxSteps: 50 })).body).toMatchObject({ stop: 'max_steps', steps: 2 });
    expect((await ask('ann', { messages: 'go', maxSteps: 1 })).body).toMatchObject({ stop: 'max_steps', steps: 1 });
  });

  test('answers as many callers at a time as the limit says, and each of them a quarter of it', async () => {
    const hang = { calls: [{ name: 'shop__hang' }] };
    const { ask, send } = await world([hang, hang, 'x'], { limits: { maxChats: 2 } });
    const leave = new AbortController();
    const open = await Promise.all(
      ['ann', 'boss'].map((who) => send(who, '/api/chat', { messages: 'hang' }, STREAM, leave.signal)),
    );
    expect(await ask('ann', { messages: 'one more' })).toMatchObject({ status: 429, body: { code: 'backpressure' } });
    expect(await ask('bob', { messages: 'one more' })).toMatchObject({ status: 429 });
    await Promise.all(open.map((response) => response.body?.cancel()));
    await expect.poll(async () => (await ask('bob', { messages: 'now?' })).status).not.toBe(429);
  });
});

test('a model that cannot even begin gives its place back', async () => {
  const gateway = createGateway(await toolkitOf({}), {
    access: { apiKeys: KEYS },
    limits: { maxChats: 1 },
    chat: {
      run() {
        throw new ModelError('overloaded', 'busy');
      },
    },
  });
  onTestFinished(() => gateway.close());
  const headers = { 'x-api-key': 'key-of-ann', 'content-type': 'application/json' };
  const detailFor = async (more: Record<string, string>): Promise<unknown> => {
    const init = { method: 'POST', body: '{"messages":"x"}', headers: { ...headers, ...more } };
    const answer = await gateway.fetch(new Request('http://localhost/api/chat', init), { peerAddress: '127.0.0.1' });
    return ((await answer.json()) as Json).detail;
  };
  for (const more of [STREAM, {}, STREAM, {}]) expect(await detailFor(more)).toContain('busy');
});

describe('a request', () => {
  test.each<[Json, string]>([
    [{}, '/messages'],
    [{ messages: [] }, '/messages'],
    [{ messages: [{ role: 'system', content: 'x' }] }, '/messages'],
    [{ messages: 'x', maxSteps: 0 }, '/maxSteps'],
    [{ messages: 'x', servers: 'shop' }, '/servers'],
    [{ messages: 'x', model: 'gpt-9' }, '/model'],
    [{ messages: 'x', conversation: [] }, '/conversation'],
  ])('%j is refused, with the field', async (body, path) => {
    const { ask } = await world([]);
    expect(await ask('ann', body)).toMatchObject({ status: 400, body: { problems: [{ path }] } });
  });

  test('of a conversation that is none is refused', async () => {
    const { ask } = await world([]);
    expect((await ask('ann', { messages: 'x', conversation: { version: 9 } })).status).toBe(400);
  });

  test('needs a key that may call, and a body of a bounded size', async () => {
    const { ask } = await world(['x'], { limits: { maxBodyBytes: 1_000 } });
    expect((await ask('reader', { messages: 'x' })).status).toBe(403);
    expect((await ask('nobody', { messages: 'x' })).status).toBe(401);
    expect((await ask('ann', { messages: 'x'.repeat(2_000) })).status).toBe(413);
  });

  test('without a model is answered with 501, and the document describes the route', async () => {
    const toolkit = await toolkitOf({});
    const gateway = createGateway(toolkit, { access: { auth: 'none' } });
    onTestFinished(() => gateway.close());
    const local = { peerAddress: '127.0.0.1' };
    const init = { method: 'POST', body: '{"messages":"x"}', headers: { 'content-type': 'application/json' } };
    const answer = await gateway.fetch(new Request('http://localhost/api/chat', init), local);
    expect({ status: answer.status, body: await answer.json() }).toMatchObject({
      status: 501,
      body: { code: 'unsupported', detail: expect.stringContaining('chat.model') },
    });
    const document = await (await gateway.fetch(new Request('http://localhost/openapi.json'), local)).json();
    expect(document.paths['/api/chat'].post.operationId).toBe('chat');
  });

  test('for which the model fails says so, and nothing of the key of the operator', async () => {
    const failed = new ModelError('auth', 'Incorrect API key provided: sk-abc');
    const busy = new ModelError('overloaded', 'busy (status 529 of http://model.internal/v1)', { retryAfterMs: 3_000 });
    const { ask, send } = await world([failed, failed, busy]);
    const first = await ask('ann', { messages: 'x' });
    expect(first).toMatchObject({ status: 502, body: { code: 'server_error' } });
    const streamed = await (await send('ann', '/api/chat', { messages: 'x' }, STREAM)).text();
    expect(eventsIn(streamed).at(-1)).toMatchObject({ event: 'error', data: { code: 'server_error' } });
    expect(JSON.stringify(first) + streamed).not.toContain('sk-abc');
    const last = await ask('ann', { messages: 'x' });
    expect(last).toMatchObject({ status: 429, body: { code: 'backpressure', retryAfterMs: 3_000 } });
    expect(JSON.stringify(last)).not.toContain('model.internal');
  });

  test('which is not set up, or has read too much, says nothing of its address', async () => {
    const said = await scriptedOpenAI({
      fault: { status: 400, message: 'too long', code: 'context_length_exceeded' },
    });
    onTestFinished(() => said.close());
    const long = await behind(openaiModel({ model: 'local', baseURL: said.baseURL }));
    expect(long.at(-1)).toMatchObject({ event: 'done', data: { stop: 'context' } });
    expect(long.find(({ event }) => event === 'warning')?.data.message).toContain('too long');
    expect(JSON.stringify(long)).not.toContain(said.baseURL.replace('/v1', ''));
    vi.stubEnv('OPENAI_BASE_URL', 'http://model.internal/v1');
    onTestFinished(() => void vi.unstubAllEnvs());
    const unset = await behind(openaiModel({ model: 'gpt-6-sol', apiKey: 'key' }));
    expect(unset.at(-1)).toMatchObject({ event: 'error', data: { code: 'server_error' } });
    expect(JSON.stringify(unset)).not.toContain('model.internal');
  });
});
