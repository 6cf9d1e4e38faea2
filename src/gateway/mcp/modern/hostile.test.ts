/** Clients that mix things up, leave, or do not read. */
import { describe, expect, test, vi } from 'vitest';
import { modernGateway } from '../../../../test/fixtures/modern-posts.ts';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import { createTestServer } from '../../../testing/index.ts';
import { openEventStream } from './reply.ts';

const form = { message: 'who?', requestedSchema: { type: 'object', properties: {} } };
const ASKED = { capabilities: { elicitation: {} } };

test('a call that waits is taken up at the address where it began, and at no other', async () => {
  const ran: string[] = [];
  const server = (name: string) =>
    createTestServer({
      tools: {
        ask: async (_, { elicit }) => {
          ran.push(name);
          return `${name} ${(await elicit(form)).action}`;
        },
      },
    });
  const { post, clock } = await modernGateway({ s: server('s'), t: server('t') });
  const first = post('tools/call', { name: 'ask' }, { ...ASKED, at: { server: 's' } });
  await vi.waitFor(async () => {
    await clock.advance(0);
    expect(ran).toEqual(['s']);
  });
  await clock.advance(0);
  const { requestState, inputRequests } = (await first).body.result as { requestState: string; inputRequests: object };
  const [key = ''] = Object.keys(inputRequests);
  const again = { name: 'ask', requestState, inputResponses: { [key]: { action: 'decline' } } };
  const elsewhere = await post('tools/call', again, { ...ASKED, at: { server: 't' } });
  expect(elsewhere.body.error).toMatchObject({ code: -32602 });
  const here = await post('tools/call', again, { ...ASKED, at: { server: 's' } });
  expect(here.body.result).toMatchObject({ content: [{ text: 's decline' }] });
  expect(ran).toEqual(['s']);
});

describe('a stream', () => {
  test('holds four megabytes for a reader that does not keep up, and nothing more', () => {
    const stream = openEventStream(1, { clock: createFakeClock(), onLeave() {} });
    const params = { data: 'x'.repeat(1_000_000) };
    let said = 0;
    while (said < 100 && stream.say({ jsonrpc: '2.0', method: 'notifications/message', params })) said += 1;
    expect(said).toBe(5);
    stream.cut();
  });

  test.each(['tools/call', 'subscriptions/listen'])(
    'of %s leaves nothing behind when its client is gone',
    async (method) => {
      const server = createTestServer({
        tools: {
          slow: (_, { progress, cancelled }) => {
            progress({ progress: 1 });
            return cancelled;
          },
        },
      });
      const { send, clock, toolkit } = await modernGateway({ s: server });
      const leaving = new AbortController();
      const params = method === 'tools/call' ? { name: 's__slow' } : { notifications: { toolsListChanged: true } };
      await clock.advance(60_000);
      const before = clock.pendingTimers;
      // Nobody reads the body, nor takes it back.
      const response = await send(method, params, { signal: leaving.signal, meta: { progressToken: 'p' } });
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      leaving.abort();
      await vi.waitFor(() => expect(toolkit.calls()).toEqual([]));
      await clock.advance(20_000);
      expect(clock.pendingTimers).toBe(before);
    },
  );
});
