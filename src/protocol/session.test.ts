import { describe, expect, test } from 'vitest';
import { callFor, scriptedPeer } from '../../test/fixtures/scripted-peer.ts';
import { systemClock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { TransportKind } from '../transport/transport.ts';
import { createEngine } from './engine.ts';
import type { Era } from './era.ts';
import { createServerRequests } from './server-requests.ts';
import { createSession } from './session.ts';
import type { JsonObject, ServerCapabilities } from './types.ts';
import type { EraName } from './wire.ts';

/** A session whose server answers each request by `reply`. */
const sessionWith = (
  reply: (method: string, params: JsonObject) => JsonObject | ToolwayError,
  {
    name = 'modern',
    capabilities = { tools: {} },
    kind = 'http',
  }: { name?: EraName; capabilities?: ServerCapabilities; kind?: TransportKind } = {},
) => {
  const sent: string[] = [];
  const send = async (_call: unknown, method: string, params: JsonObject): Promise<JsonObject> => {
    sent.push(method);
    const said = reply(method, params);
    if (said instanceof ToolwayError) throw said;
    return said;
  };
  const era: Era = {
    name,
    protocolVersion: name === 'modern' ? '2026-07-28' : '2025-11-25',
    identity: { serverInfo: { name: 's', version: '1' }, capabilities },
    send,
    ping: async () => {},
    setLogLevel: async (call, level) => void (await send(call, 'logging/setLevel', { level })),
    subscribe: async (call, uri) => void (await send(call, 'resources/subscribe', { uri })),
    unsubscribe: async (call, uri) => void (await send(call, 'resources/unsubscribe', { uri })),
    rootsChanged: () => {},
    admits: () => true,
    close: () => {},
  };
  const engine = createEngine({
    transport: scriptedPeer(kind).transport,
    server: 's',
    maxDepth: 64,
    now: () => 0,
    onRequest: async () => ({}),
    onNotification: () => {},
    onClose: () => {},
    onWarning: () => {},
  });
  const requests = createServerRequests({
    clock: systemClock,
    handlers: { onElicit: () => ({ action: 'accept' }) },
    server: 's',
    scope: '',
    report: () => {},
  });
  return { sent, session: createSession({ engine, era, requests, clock: systemClock }) };
};
const refusal = (rpcCode: number, data?: unknown): ToolwayError =>
  new ToolwayError('server_error', 'refused', { rpcCode, executed: 'unknown', data });
const callTool = () => callFor('tools/call', { name: 'echo', arguments: {} });

describe('a call whose headers the server finds out of date', () => {
  test('is sent again with the definition as it is now', async () => {
    let refused = false;
    const { session, sent } = sessionWith((method) => {
      if (method === 'tools/list') return { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] };
      if (refused) return { content: [] };
      refused = true;
      return refusal(-32020);
    });
    expect(await session.perform(callTool())).toEqual({ content: [] });
    expect(sent).toEqual(['tools/call', 'tools/list', 'tools/call']);
  });

  test('ends with that refusal when the definition cannot be read', async () => {
    const mismatch = refusal(-32020);
    const { session, sent } = sessionWith((method) =>
      method === 'tools/call' ? mismatch : new ToolwayError('outcome_unknown', 'HTTP 502', { executed: 'unknown' }),
    );
    await expect(session.perform(callTool())).rejects.toBe(mismatch);
    expect(sent).toEqual(['tools/call', 'tools/list']);
  });

  test('ends with its own end when it was stopped meanwhile: nothing ran', async () => {
    const call = callTool();
    const { session } = sessionWith((method) => {
      if (method === 'tools/call') return refusal(-32020);
      call.stop(new ToolwayError('timeout', 'too late'));
      return refusal(-32603);
    });
    await expect(session.perform(call)).rejects.toMatchObject({ code: 'timeout', executed: 'no' });
  });
});

describe('an answer that asks for visits to URLs', () => {
  const elicitations = [{ mode: 'url', message: 'please', url: 'https://example.com/' }];

  test('is an error like others in the modern era, which has another way to ask', async () => {
    const asked = refusal(-32042, { elicitations });
    const { session, sent } = sessionWith(() => asked);
    await expect(session.perform(callTool())).rejects.toBe(asked);
    expect(sent).toEqual(['tools/call']);
  });

  test('is followed in the legacy era', async () => {
    let asked = false;
    const { session, sent } = sessionWith(
      () => {
        if (asked) return { content: [] };
        asked = true;
        return refusal(-32042, { elicitations });
      },
      { name: 'legacy' },
    );
    expect(await session.perform(callTool())).toEqual({ content: [] });
    expect(sent).toEqual(['tools/call', 'tools/call']);
  });
});

test.each([
  ['modern', 'stdio'],
  ['modern', 'http'],
  ['legacy', 'stdio'],
] as const)('a tool call of the %s era over %s that fails without an answer is not sent again', async (name, kind) => {
  const { sent, session } = sessionWith(() => new ToolwayError('message_too_large', 'too large'), { name, kind });
  await expect(session.perform(callTool())).rejects.toMatchObject({ code: 'message_too_large' });
  expect(sent).toEqual(['tools/call']);
});

test('what the server does not declare is not sent', async () => {
  const { session, sent } = sessionWith(() => ({}), { name: 'legacy' });
  const call = callFor('any');
  const undeclared = { code: 'unsupported', executed: 'no' };
  for (const method of ['resources/read', 'prompts/get', 'completion/complete'])
    await expect(session.perform(callFor(method))).rejects.toMatchObject(undeclared);
  await expect(session.subscribe(call, 'u')).rejects.toMatchObject(undeclared);
  await expect(session.unsubscribe(call, 'u')).rejects.toMatchObject(undeclared);
  await expect(session.setLogLevel(call, 'info')).rejects.toMatchObject(undeclared);
  expect(sent).toEqual([]);
});
