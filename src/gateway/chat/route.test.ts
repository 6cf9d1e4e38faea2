import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { createHandClock } from '../../../test/fixtures/hand-clock.ts';
import type { GatewayApp } from '../context.ts';
import { LIMITS } from '../limits.ts';
import type { Caller, Ended } from '../principal.ts';
import type { ChatEvent } from './port.ts';
import { addChatRoute } from './route.ts';

/** A chat that tells these events, and whether it was left before its end. */
const chatOf = async (tell: (signal: AbortSignal) => AsyncGenerator<ChatEvent>) => {
  const clock = createHandClock();
  const app: GatewayApp = new Hono();
  let end: (how: Ended) => void = () => {};
  let open = 0;
  app.use(async (c, next) => {
    c.set('caller', { principal: { id: 'ann' } } as Caller);
    await next();
  });
  const lasting = {
    hold(_: unknown, onEnded: (how: Ended) => void) {
      end = onEnded;
      open += 1;
      return () => {
        open -= 1;
      };
    },
  };
  const room = { lasting, clock, limits: LIMITS, closing: new AbortController().signal };
  addChatRoute(app, room as unknown as Parameters<typeof addChatRoute>[1], {
    run: (_, { signal }) => tell(signal),
  });
  const headers = { accept: 'text/event-stream', 'content-type': 'application/json' };
  const response = await app.request('/api/chat', { method: 'POST', body: '{"messages":"x"}', headers });
  return { clock, response, endKey: () => end('gone'), open: () => open };
};

const text = (delta: string): ChatEvent => ({ type: 'text', delta });

test('a key that ends within an answer is told of, whatever is told of the call that ends by it', async () => {
  const { response, endKey, clock } = await chatOf(async function* (signal) {
    yield text('once');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    yield { type: 'result', error: { code: 'cancelled' } };
    yield text('upon');
  });
  const said = response.text();
  await clock.settle();
  endKey();
  expect((await said).match(/^event: .*$/gm)).toEqual(['event: text', 'event: error']);
  expect(await said).toContain('the key has ended');
});

test('a reader who takes nothing is waited for, for a minute, and is sent away then', async () => {
  const PIECE = 'x'.repeat(100_000);
  let told = 0;
  let left = false;
  const { response, clock, open } = await chatOf(async function* () {
    try {
      // Where nobody waits for the reader, it has an end all the same.
      while (told < 200) {
        told += 1;
        yield text(PIECE);
      }
    } finally {
      left = true;
    }
  });
  const reader = response.body?.getReader();
  for (let turn = 0; turn < 50; turn += 1) await clock.settle();
  expect(told).toBeLessThan(15);
  // Who takes something is behind no more.
  await clock.advance(45_000);
  for (let turn = 0; turn < 20; turn += 1) await reader?.read();
  await clock.advance(45_000);
  expect(told).toBeGreaterThan(25);
  expect(told).toBeLessThan(40);
  expect({ left, open: open() }).toEqual({ left: false, open: 1 });
  await clock.advance(15_000);
  expect({ left, open: open() }).toEqual({ left: true, open: 0 });
  await expect(reader?.read()).rejects.toThrow('took nothing');
  expect(clock.pendingTimers).toBe(0);
});
