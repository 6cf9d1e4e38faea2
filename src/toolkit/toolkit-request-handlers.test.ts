import { describe, expect, test, vi } from 'vitest';
import { type ScriptedServer, scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure, toolkitOf } from '../../test/fixtures/toolkits.ts';
import type { RequestHandlers } from '../handlers.ts';
import type { ElicitResult, JsonObject } from '../protocol/types.ts';

const form = { message: 'who?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } };

/** A legacy server whose tool asks, and answers with what it was told. Tools named `wait` are answered by the test. */
const asking = (): ScriptedServer & { told: JsonObject[] } => {
  const told: JsonObject[] = [];
  let asked = 0;
  const server = scriptedServer({
    ask: (_, { id }) => {
      asked += 1;
      const peer = server.latest();
      const question = `q${asked}`;
      peer.say({ jsonrpc: '2.0', id: question, method: 'elicitation/create', params: form });
      void vi.waitFor(() => {
        const answer = peer.sent.find((sent) => !('method' in sent) && sent.id === question) as JsonObject | undefined;
        if (answer === undefined) throw new Error('no answer yet');
        told.push(answer);
        peer.say({ jsonrpc: '2.0', id, result: text('asked') });
      });
      return undefined;
    },
    wait: () => undefined,
  });
  return Object.assign(server, { told });
};
const saying = (name: string): RequestHandlers => ({ onElicit: () => ({ action: 'accept', content: { name } }) });

describe('handlers of one request', () => {
  test('answer in place of those of the toolkit, which answer for all others', async () => {
    const server = asking();
    const toolkit = await toolkitOf({ s: server }, saying('toolkit'));
    await toolkit.callTool('s.ask', {}, { handlers: saying('request') });
    await toolkit.callTool('s.ask');
    expect(server.told.map(({ result }) => (result as JsonObject).content)).toEqual([
      { name: 'request' },
      { name: 'toolkit' },
    ]);
  });

  test('refuse what they have no handler for, whatever the toolkit has', async () => {
    const server = asking();
    const toolkit = await toolkitOf({ s: server }, saying('toolkit'));
    await toolkit.callTool('s.ask', {}, { handlers: {} });
    expect(server.told).toMatchObject([{ error: { code: -32601 } }]);
  });

  test('are not asked while another request is in flight on the connection, unless it has the same', async () => {
    const server = asking();
    const toolkit = await toolkitOf({ s: server }, saying('toolkit'));
    const mine = saying('mine');
    const waiting = failure(toolkit.callTool('s.wait', {}, { handlers: mine, timeoutMs: 2_000 }));
    await vi.waitFor(() => expect(toolkit.calls()).toMatchObject([{ state: 'handed_over' }]));
    await toolkit.callTool('s.ask', {}, { handlers: saying('other') });
    await toolkit.callTool('s.ask', {}, { handlers: mine });
    for (const { id } of toolkit.calls()) toolkit.cancel(id);
    expect((await waiting).code).toBe('cancelled');
    expect(server.told).toMatchObject([{ error: { code: -32601 } }, { result: { content: { name: 'mine' } } }]);
  });

  test('are asked while other requests of the same conversation are in flight, those of the latest', async () => {
    const server = asking();
    const toolkit = await toolkitOf({ s: server }, saying('toolkit'));
    const conversation = {};
    const waiting = failure(toolkit.callTool('s.wait', {}, { handlers: { ...saying('first'), conversation } }));
    await vi.waitFor(() => expect(toolkit.calls()).toMatchObject([{ state: 'handed_over' }]));
    await toolkit.callTool('s.ask', {}, { handlers: { ...saying('second'), conversation } });
    for (const { id } of toolkit.calls()) toolkit.cancel(id);
    await waiting;
    expect(server.told).toMatchObject([{ result: { content: { name: 'second' } } }]);
  });

  test('hear of what was refused because there is none for it', async () => {
    const server = asking();
    const toolkit = await toolkitOf({ s: server }, saying('toolkit'));
    const refused: string[] = [];
    await toolkit.callTool('s.ask', {}, { handlers: { onRefused: (method) => refused.push(method) } });
    expect(refused).toEqual(['elicitation/create']);
  });

  test('may take longer than the request: its limits stand still meanwhile, and then go on', async () => {
    const server = asking();
    const { toolkit, clock } = await clockedToolkitOf({ s: server }, saying('toolkit'));
    let answer: (() => void) | undefined;
    const onElicit = () =>
      new Promise<ElicitResult>((resolve) => {
        answer = () => resolve({ action: 'decline' });
      });
    const limits = { timeoutMs: 1_000, totalTimeoutMs: 2_000 };
    const call = toolkit.callTool('s.ask', {}, { handlers: { onElicit }, ...limits });
    await vi.waitFor(() => expect(answer).toBeDefined());
    await clock.advance(60_000);
    answer?.();
    expect(await call).toEqual(text('asked'));
    const late = failure(toolkit.callTool('s.wait', {}, { handlers: { onElicit }, ...limits }));
    await vi.waitFor(() => expect(toolkit.calls()).toMatchObject([{ state: 'handed_over' }]));
    await clock.advance(1_000);
    expect((await late).code).toBe('timeout');
  });

  test('approve the calls they are given with, and no other', async () => {
    const server = scriptedServer({ say: () => text('said') });
    const toolkit = await toolkitOf({ s: server }, { policy: { default: 'ask' }, onApprove: () => false });
    expect(await toolkit.callTool('s.say', {}, { handlers: { onApprove: () => true } })).toEqual(text('said'));
    expect((await failure(toolkit.callTool('s.say'))).code).toBe('denied');
    expect((await failure(toolkit.callTool('s.say', {}, { handlers: {} }))).code).toBe('denied');
  });
});
