/** Clients that send a byte a second, so as to hold connections: they are cut off in time, and nobody else waits for them. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createToolkit, type Toolkit } from '../../src/node/index.ts';
import { type ServedGateway, serveGateway } from '../../src/node/serve.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { CALL_KEY, restCall } from '../fixtures/one-road/mcp-posts.ts';

const MANY = 100;
/** How often the gateway looks, with what a busy machine adds. */
const LOOK_MS = 2_500;

let toolkit: Toolkit;
let gateway: ServedGateway;
beforeAll(async () => {
  const server = createTestServer({ tools: { echo: ({ n }) => `echo ${n}` } });
  toolkit = await createToolkit({ connect: 'wait', mcpServers: { s: server.config } });
  const access = { apiKeys: [{ name: 'test', key: CALL_KEY, scopes: ['call' as const] }] };
  gateway = await serveGateway(toolkit, { port: 0, access });
});
afterAll(async () => {
  await gateway.close();
  await toolkit.close({ drainMs: 0 });
});

interface End {
  afterMs: number;
  /** The first line of what it was answered. */
  answer: string;
}

/** Sends `head` at once and then a byte a second, until it is cut off. */
const dribble = (head: string): Promise<End> =>
  new Promise((resolve) => {
    const socket = connect(gateway.port, '127.0.0.1');
    let startedAt = 0;
    let answer = '';
    let timer: NodeJS.Timeout;
    socket.on('connect', () => {
      startedAt = performance.now();
      socket.write(head);
      timer = setInterval(() => socket.write('x'), 1_000);
    });
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ afterMs: performance.now() - startedAt, answer: answer.slice(0, answer.indexOf('\r')) });
    });
  });

const { path, headers } = restCall('s', 'echo');
const lines = Object.entries({ host: 'localhost', ...headers, 'content-length': '1000' });
const HEAD = [`POST ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`)].join('\r\n');

/** The median and the slowest hundredth of calls one after the other, until `over`. */
const timesUntil = async (over: Promise<unknown>): Promise<{ p50: number; p99: number; count: number }> => {
  let isOver = false;
  const end = over.then(() => {
    isOver = true;
  });
  const times: number[] = [];
  for (let n = 0; !isOver; n += 1) {
    const startedAt = performance.now();
    const response = await fetch(`${gateway.url}${path}`, { method: 'POST', headers, body: JSON.stringify({ n }) });
    expect(await response.json()).toEqual({ content: [{ type: 'text', text: `echo ${n}` }] });
    times.push(performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await end;
  times.sort((a, b) => a - b);
  const at = (q: number): number => times[Math.floor(times.length * q)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), count: times.length };
};

describe('T25: clients that send a byte a second', () => {
  describe('over the gateway', () => {
    test('are cut off after 10 s in their headers and 30 s in their bodies, and others are served as before', async () => {
      const before = await timesUntil(new Promise((resolve) => setTimeout(resolve, 2_000)));
      const inHeaders = Promise.all(Array.from({ length: MANY }, () => dribble(`${HEAD}\r\nx-slow: `)));
      const inBody = Promise.all(Array.from({ length: MANY }, () => dribble(`${HEAD}\r\n\r\n{"n":"`)));
      const during = await timesUntil(Promise.all([inHeaders, inBody]));
      for (const [limitMs, ends] of [
        [10_000, await inHeaders],
        [30_000, await inBody],
      ] as const) {
        const waits = ends.map(({ afterMs }) => Math.round(afterMs));
        expect(new Set(ends.map(({ answer }) => answer))).toEqual(new Set(['HTTP/1.1 408 Request Timeout']));
        expect(Math.min(...waits)).toBeGreaterThanOrEqual(limitMs - 100);
        expect(Math.max(...waits)).toBeLessThan(limitMs + LOOK_MS);
        console.log(`T25  the gateway: cut off after ${Math.min(...waits)} to ${Math.max(...waits)} ms`);
      }
      const figures = [before, during].map(
        ({ p50, p99, count }) => `${p50.toFixed(1)} / ${p99.toFixed(1)} ms of ${count}`,
      );
      console.log(`T25  the gateway: p50 / p99 of others before ${figures[0]}, during ${figures[1]}`);
      expect(during.p50).toBeLessThan(Math.max(before.p50 * 3, 20));
    }, 60_000);
  });
});
