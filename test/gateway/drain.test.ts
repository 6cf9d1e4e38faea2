/** The end of a gateway that is told to end while it is at work. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltCli, buildCli } from '../fixtures/cli/built.ts';
import { living } from '../fixtures/faults/processes.ts';
import { AUTH, legacyCall, modernCall, openSession, type Post, restCall } from '../fixtures/one-road/mcp-posts.ts';
import { type Served, serveCommand } from '../fixtures/one-road/served.ts';
import { until } from '../fixtures/servers/launch.ts';

let cli: BuiltCli;
beforeAll(() => {
  cli = buildCli('gateway-drain');
}, 240_000);
afterAll(() => cli.remove());

const pidOf = async (served: Served): Promise<number> => {
  const answer = await (await served.send(restCall('s', 'slow', { ms: 0 }))).text();
  return Number(/pid (\d+)/.exec(answer)?.[1]);
};

/** The code that an answer has on its face; `done` for a good one. */
const codeOf = async (answer: Promise<Response>): Promise<string> => {
  const text = await (await answer).text();
  const { code, error } = JSON.parse(text) as { code?: string; error?: { data: { code: string } } };
  return code ?? error?.data.code ?? (/pid \d+/.test(text) ? 'done' : text);
};

const inFlight = async ({ url }: Served): Promise<number> => {
  const { servers } = (await (await fetch(`${url}/api/servers`, { headers: AUTH })).json()) as {
    servers: { inFlight: number }[];
  };
  return servers.reduce((sum, server) => sum + server.inFlight, 0);
};

describe('T17: SIGTERM to the gateway with 20 requests in flight', () => {
  describe('over the gateway', () => {
    test('streams end, nobody new comes in, every request is answered, and the program ends with 0', async () => {
      const served = await serveCommand(cli.main);
      const child = await pidOf(served);
      const session = await openSession(served.send);
      const idle = await openSession(served.send);
      const order: string[] = [];
      const events = await fetch(`${served.url}/api/events`, { headers: AUTH });
      const stream = await fetch(`${served.url}/mcp`, { headers: { ...idle, accept: 'text/event-stream' } });
      expect([events.status, stream.status]).toEqual([200, 200]);
      void Promise.all([events.text(), stream.text()]).then(() => order.push('streams end'));
      const faces = [restCall, legacyCall(session), modernCall];
      const calls = (count: number, ms: number, what: string): Promise<string>[] =>
        Array.from({ length: count }, async (_, n) => {
          const code = await codeOf(served.send((faces[n % 3] as typeof restCall)('s', 'slow', { ms })));
          if (order.at(-1) !== what) order.push(what);
          return code;
        });
      const quick = calls(15, 3_000, 'what can be finished is');
      const endless = calls(5, 600_000, 'what cannot is told so');
      await until(async () => (await inFlight(served)) === 20, '20 calls are in flight');

      const toldAt = performance.now();
      served.process.kill('SIGTERM');
      await until(() => order.includes('streams end'), 'the streams end', 2_500);
      const late = connect(Number(new URL(served.url).port), '127.0.0.1');
      expect((await once(late, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' });
      expect(await Promise.all(quick)).toEqual(Array(15).fill('done'));
      expect(await Promise.all(endless)).toEqual(Array(5).fill('outcome_unknown'));
      expect(await served.over).toBe(0);
      const tookMs = Math.round(performance.now() - toldAt);
      console.log(`T17  the gateway: over ${tookMs} ms after the signal`);
      expect(tookMs).toBeLessThan(15_000);
      expect(order).toEqual(['streams end', 'what can be finished is', 'what cannot is told so']);
      expect(living([child])).toEqual([]);
    }, 60_000);

    test('a second signal waits for nothing, and leaves nothing behind', async () => {
      const served = await serveCommand(cli.main);
      const child = await pidOf(served);
      const posts: Post[] = [1, 2, 3].map(() => restCall('s', 'slow', { ms: 600_000 }));
      const answers = Promise.allSettled(posts.map(served.send));
      await until(async () => (await inFlight(served)) === 3, '3 calls are in flight');
      served.process.kill('SIGTERM');
      await until(
        () =>
          fetch(`${served.url}/healthz`).then(
            () => false,
            () => true,
          ),
        'the gateway takes nobody',
      );
      const toldAt = performance.now();
      served.process.kill('SIGTERM');
      expect(await served.over).toBe(143);
      const tookMs = Math.round(performance.now() - toldAt);
      await until(() => living([child]).length === 0, 'the server is gone', 2_000);
      console.log(`T17  the gateway: over ${tookMs} ms after the second signal`);
      expect(tookMs).toBeLessThan(1_000);
      await answers;
    }, 60_000);
  });
});
