import { expect, test } from 'vitest';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createAdmission } from './admission.ts';

/** A gateway behind the door, which answers when the test says so. */
const world = (maxRequests: number) => {
  const clock = createFakeClock();
  const waiting: { answer(): void; fail(): void }[] = [];
  const warnings: unknown[] = [];
  const note = (): void => {};
  const logger = {
    debug: note,
    info: note,
    error: note,
    warn: (_: string, facts: unknown) => void warnings.push(facts),
  };
  const { fetch, ...admission } = createAdmission(
    (request) =>
      request.method === 'GET'
        ? new Response('read')
        : new Promise<Response>((resolve, reject) => {
            waiting.push({ answer: () => resolve(new Response('done')), fail: () => reject(new Error('no')) });
          }),
    { maxRequests, clock, logger },
  );
  const send = (path: string, method = 'POST') => fetch(new Request(`http://gateway${path}`, { method }));
  return { ...admission, clock, waiting, warnings, send };
};
const statusOf = async (response: Response | Promise<Response>): Promise<number> => (await response).status;

test('one request too many is refused, and told when to come again', async () => {
  const { send, waiting } = world(2);
  const first = [send('/api/tools/s/t'), send('/mcp')];
  const refused = await send('/api/tools/s/t');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(refused.headers.get('content-type')).toBe('application/problem+json');
  expect(await refused.json()).toMatchObject({ status: 503, code: 'backpressure', executed: 'no' });
  expect(waiting).toHaveLength(2);
  for (const { answer } of waiting) answer();
  expect(await Promise.all(first.map(statusOf))).toEqual([200, 200]);
});

test.each(['/mcp', '/mcp/s', '/mcp?names=plain', '/mounted/mcp', '/messages?sessionId=x'])(
  'a client of MCP at %s is told in JSON-RPC',
  async (path) => {
    const { send } = world(0);
    expect(await (await send(path)).json()).toMatchObject({
      jsonrpc: '2.0',
      error: { data: { code: 'backpressure' } },
    });
  },
);

test('a place is free again when a request was answered, and when it failed', async () => {
  const { send, waiting } = world(1);
  const first = send('/mcp');
  expect(await statusOf(send('/mcp'))).toBe(503);
  waiting[0]?.answer();
  expect(await statusOf(first)).toBe(200);
  const second = send('/mcp');
  waiting[1]?.fail();
  await expect(second).rejects.toThrow('no');
  const third = send('/mcp');
  waiting[2]?.answer();
  expect(await statusOf(third)).toBe(200);
});

test('what is only read is let through', async () => {
  const { send } = world(0);
  expect(await statusOf(send('/healthz', 'GET'))).toBe(200);
});

test('while servers are crowded, so many requests are begun in a turn, and the others are refused', async () => {
  const { send, waiting, crowded, clock } = world(1_000);
  const sendMany = (): void => {
    for (let n = 0; n < 100; n += 1) void send('/mcp');
  };
  sendMany();
  expect(waiting).toHaveLength(100);
  crowded();
  sendMany();
  expect(waiting).toHaveLength(116);
  await clock.advance(1);
  sendMany();
  expect(waiting).toHaveLength(132);
  crowded();
  await clock.advance(1_500);
  sendMany();
  expect(waiting).toHaveLength(148);
  await clock.advance(1_000);
  sendMany();
  expect(waiting).toHaveLength(248);
  expect(clock.pendingTimers).toBe(0);
});

test('refusals are logged, but not each', async () => {
  const { send, warnings, clock } = world(0);
  for (let n = 0; n < 5; n += 1) await send('/mcp');
  await clock.advance(10_000);
  await send('/mcp');
  expect(warnings).toEqual([
    { refused: 1, underWay: 0 },
    { refused: 5, underWay: 0 },
  ]);
});
