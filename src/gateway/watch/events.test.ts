import { describe, expect, test, vi } from 'vitest';
import { appFor, contextOf, principal } from '../../../test/fixtures/gateway-app.ts';
import { scriptedServer, text } from '../../../test/fixtures/scripted-server.ts';
import { toolkitOf } from '../../../test/fixtures/toolkits.ts';
import type { Toolkit } from '../../api.ts';
import type { GatewayContext } from '../context.ts';
import type { Principal } from '../principal.ts';
import { addEvents } from './events.ts';

/** Listens, and collects the names of events and all that was said. */
const listen = async (toolkit: Toolkit, who: Principal, given: Partial<GatewayContext> = {}) => {
  const app = appFor(() => ({ principal: who }));
  addEvents(app, contextOf(toolkit, given));
  const response = await app.request('/api/events');
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let said = '';
  const ended = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      said += new TextDecoder().decode(value);
    }
  })();
  const names = () => [...said.matchAll(/^event: (.*)$/gm)].map(([, name]) => name);
  return { app, response, ended, names, said: () => said, leave: () => reader.cancel() };
};
const servers = () => ({
  a: scriptedServer({ say: () => text('secret answer') }),
  b: scriptedServer({ say: () => text('x') }),
});

describe('GET /api/events', () => {
  test('tells of calls only whom they concern, and never what was sent or answered', async () => {
    const toolkit = await toolkitOf(servers());
    const mine = await listen(toolkit, principal('key:me'));
    const other = await listen(toolkit, principal('key:other'));
    const admin = await listen(toolkit, principal('key:admin', { may: ['admin'] }));
    await toolkit.callTool('a.say', { card: 'secret argument' }, { principal: 'key:me' });
    await vi.waitFor(() => expect(mine.names()).toEqual(['tool_call_start', 'tool_call_success']));
    expect(admin.names()).toEqual(mine.names());
    expect(other.names()).toEqual([]);
    expect(mine.said()).not.toContain('secret');
    expect(mine.said()).toContain('"principal":"key:me"');
  });

  test('says at what time of day', async () => {
    const toolkit = await toolkitOf(servers());
    const mine = await listen(toolkit, principal('key:me'), { today: () => 1_795_305_730_000 });
    await toolkit.callTool('a.say', {}, { principal: 'key:me' });
    await vi.waitFor(() => expect(mine.said()).toContain('data: {"at":1795305730000,'));
  });

  test('tells of servers those who see them', async () => {
    const toolkit = await toolkitOf(servers());
    const seesA = await listen(toolkit, principal('key:a', { sees: (server) => server === 'a' }));
    await toolkit.reconnect('b');
    await toolkit.reconnect('a');
    await vi.waitFor(() => expect(seesA.names()).toContain('connected'));
    expect(seesA.said()).not.toContain('"server":"b"');
  });

  test('ends when the gateway closes, and gives way to others when one leaves', async () => {
    const toolkit = await toolkitOf(servers());
    const closing = new AbortController();
    const limits = { ...contextOf(toolkit).limits, maxStreams: 1 };
    const first = await listen(toolkit, principal('key:me'), { closing: closing.signal, limits });
    first.app.onError((error, c) => c.text((error as { code?: string }).code ?? '', 429));
    expect(await (await first.app.request('/api/events')).text()).toBe('backpressure');
    await first.leave();
    const second = await first.app.request('/api/events');
    expect(second.status).toBe(200);
    closing.abort();
    expect(await second.text()).toBe('retry: 1000\n\n');
  });

  test('sends away who does not read', async () => {
    const toolkit = await toolkitOf(servers());
    const app = appFor(() => ({ principal: principal('key:slow', { may: ['admin'] }) }));
    addEvents(app, contextOf(toolkit));
    const { body } = await app.request('/api/events');
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    const long = 'x'.repeat(200_000);
    for (let i = 0; i < 8; i += 1) await toolkit.callTool('a.say', {}, { principal: long });
    let bytes = 0;
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) bytes += chunk.value.byteLength;
    expect(bytes).toBeGreaterThan(1_000_000);
    expect(bytes).toBeLessThan(1_600_000);
  });
});
