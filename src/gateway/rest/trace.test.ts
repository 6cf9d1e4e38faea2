import { describe, expect, test } from 'vitest';
import { appFor, contextOf, principal } from '../../../test/fixtures/gateway-app.ts';
import { scriptedServer, text } from '../../../test/fixtures/scripted-server.ts';
import { toolkitOf } from '../../../test/fixtures/toolkits.ts';
import { addRest } from './rest.ts';

const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

/** What the server was told in `_meta` by a call with these headers. */
const toldBy = async (headers: Record<string, string>): Promise<unknown> => {
  let told: unknown;
  const server = scriptedServer({
    say: (_, { params }) => {
      told = params?._meta;
      return text('said');
    },
  });
  const toolkit = await toolkitOf({ s: server });
  const app = appFor(() => ({ principal: principal('key:me') }));
  addRest(app, contextOf(toolkit));
  const answer = await app.request('/api/tools/s/say', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{}',
  });
  expect(answer.status).toBe(200);
  await answer.text();
  return told;
};

describe('the trace of a request', () => {
  test('goes on to the server, with its state', async () => {
    expect(await toldBy({ traceparent: parent })).toMatchObject({ traceparent: parent });
    expect(await toldBy({ traceparent: parent, tracestate: 'a=1' })).toMatchObject({ tracestate: 'a=1' });
    const asked = { prefer: 'wait=5', traceparent: parent };
    expect(await toldBy(asked)).toMatchObject({ traceparent: parent });
    expect(await toldBy({ accept: 'text/event-stream', traceparent: parent })).toMatchObject({ traceparent: parent });
  });

  test('is none where it is not written as one, and its state is not without bounds', async () => {
    for (const wrong of ['x', `${parent}-more`, parent.toUpperCase(), `00-${'0'.repeat(31)}-1-01`])
      expect(await toldBy({ traceparent: wrong })).not.toHaveProperty('traceparent');
    expect(await toldBy({ tracestate: 'a=1' })).not.toHaveProperty('tracestate');
    const long = { traceparent: parent, tracestate: `a=${'x'.repeat(511)}` };
    expect(await toldBy(long)).not.toHaveProperty('tracestate');
  });
});
