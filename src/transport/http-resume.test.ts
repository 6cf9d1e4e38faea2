import { afterEach, describe, expect, test } from 'vitest';
import {
  type Driven,
  drive,
  type HastyClock,
  hastyClock,
  PORTS,
  settleDown,
  until,
} from '../../test/fixtures/http/drive.ts';
import {
  event,
  type Handler,
  openEvents,
  type RawServer,
  resultFor,
  startRawServer,
} from '../../test/fixtures/http/raw-server.ts';
import { createHttpTransport } from './http.ts';

const progress = (n: number) => ({ jsonrpc: '2.0', method: 'notifications/progress', params: { progress: n } });

describe.each(PORTS)('broken streams over %s', (_name, makePort) => {
  let server: RawServer;
  let driven: Driven;
  let clock: HastyClock;
  const connect = async (handle: Handler, maxMessageBytes?: number): Promise<Driven> => {
    server = await startRawServer(handle);
    clock = hastyClock();
    const limits = maxMessageBytes === undefined ? {} : { maxMessageBytes };
    driven = drive(createHttpTransport({ url: server.url, port: makePort(server.origin), clock, limits }));
    await driven.transport.start();
    return driven;
  };
  afterEach(async () => {
    await driven.transport.close();
    await server.close();
  });

  /** Answers the POST with these pieces, then ends or resets the connection. */
  const cut =
    (
      pieces: (id: unknown) => string[],
      how: 'end' | 'reset',
      resumed: Handler = (_seen, response) => void response.writeHead(405).end(),
    ): Handler =>
    (seen, response) => {
      if (seen.method === 'GET') {
        resumed(seen, response);
        return;
      }
      openEvents(response);
      for (const piece of pieces(seen.message.id)) response.write(piece);
      // Headers alone have to be out before a reset can cut behind them.
      setTimeout(() => (how === 'end' ? response.end() : response.destroy()), 10);
    };

  const cuts: [where: string, pieces: (id: unknown) => string[]][] = [
    ['behind the headers', () => []],
    ['behind an event', () => [event(progress(1), { id: 'e1' })]],
    ['in an event', (id) => [event('', { id: 'e1' }), event(resultFor(id)).slice(0, 20)]],
  ];
  test.each(cuts.flatMap(([where, pieces]) => (['end', 'reset'] as const).map((how) => ({ where, how, pieces }))))(
    'a modern stream that breaks ($how) $where is lost at once',
    async ({ pieces, how }) => {
      const { askModern } = await connect(cut(pieces, how));
      expect((await askModern('tools/call')).error).toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
      await settleDown(30);
      expect(server.seenBy('GET')).toEqual([]);
    },
  );

  test.each(['end', 'reset'] as const)('a legacy stream without ids that breaks (%s) is lost at once', async (how) => {
    const { ask } = await connect(cut(() => [event(progress(1))], how));
    expect((await ask('tools/call')).error).toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
    expect(server.seenBy('GET')).toEqual([]);
  });

  test.each(['end', 'reset'] as const)(
    'a legacy stream with ids that breaks (%s) goes on where it was, without repetition',
    async (how) => {
      let askedId: unknown;
      const { ask, messages } = await connect(
        cut(
          (id) => {
            askedId = id;
            return ['retry: 500\n\n', event(progress(1), { id: 'e1' }), event(progress(2), { id: 'e2' })];
          },
          how,
          (_seen, response) => {
            openEvents(response);
            response.write(event(progress(1), { id: 'e1' }));
            response.write(event(progress(2), { id: 'e2' }));
            response.write(event(progress(3), { id: 'e3' }));
            response.end(event(resultFor(askedId, { ok: true }), { id: 'e4' }));
          },
        ),
      );
      expect((await ask('tools/call')).message).toMatchObject({ result: { ok: true } });
      expect(messages.map(({ params }) => (params as { progress?: number } | undefined)?.progress)).toEqual([
        1,
        2,
        3,
        undefined,
      ]);
      expect(server.seenBy('GET').map(({ headers }) => [headers['last-event-id'], headers.accept])).toEqual([
        ['e2', 'text/event-stream'],
      ]);
      expect(clock.waits).toContain(500);
      expect(driven.answering).toEqual([1]);
    },
  );

  test('nothing is opened again after the answer', async () => {
    const { ask } = await connect(cut((id) => [event('', { id: 'e1' }), event(resultFor(id), { id: 'e2' })], 'reset'));
    await ask('tools/call');
    await until(() => server.seen[0]?.aborted === true);
    await settleDown(30);
    expect(server.seenBy('GET')).toEqual([]);
    expect(driven.failed).toEqual([]);
  });

  test('an answer under an id that was used before is still the answer', async () => {
    let askedId: unknown;
    const { ask } = await connect(
      cut(
        (id) => {
          askedId = id;
          return [event(progress(1), { id: 'same' })];
        },
        'end',
        (_seen, response) => {
          openEvents(response);
          response.end(event(resultFor(askedId), { id: 'same' }));
        },
      ),
    );
    expect((await ask('tools/call')).message).toBeDefined();
  });

  test.each([
    ['0', 100],
    ['99999999999999999999', 60_000],
    ['250', 250],
  ])('the wait "retry: %s" becomes %i ms', async (retry, wait) => {
    const { ask } = await connect(cut(() => [`retry: ${retry}\n`, event('', { id: 'e1' })], 'end'));
    expect((await ask('tools/call')).error?.code).toBe('outcome_unknown');
    expect(clock.waits).toEqual([wait]);
  });

  test.each(['-5', 'soon'])(
    'the wait "retry: %s" is none: each stream has its own, half a second to one and a half',
    async (retry) => {
      const { ask } = await connect(cut(() => [`retry: ${retry}\n`, event('', { id: 'e1' })], 'end'));
      for (let i = 0; i < 5; i += 1) expect((await ask('tools/call')).error?.code).toBe('outcome_unknown');
      expect(new Set(clock.waits).size).toBe(5);
      for (const wait of clock.waits) {
        expect(wait).toBeGreaterThanOrEqual(500);
        expect(wait).toBeLessThanOrEqual(1_500);
      }
    },
  );

  test('a resumption that brings nothing is tried five times, at growing intervals', async () => {
    const { ask } = await connect(
      cut(
        () => [event('', { id: 'e1' })],
        'end',
        (_seen, response) => {
          if (server.seen.length % 2 === 0) response.writeHead(503).end();
          else {
            openEvents(response);
            response.end();
          }
        },
      ),
    );
    expect((await ask('tools/call')).error).toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
    expect(server.seenBy('GET')).toHaveLength(5);
    const [first = 0, ...grown] = clock.waits;
    grown.forEach((wait, i) => {
      expect(wait).toBeGreaterThan(0.79 * first * 2 ** (i + 1));
      expect(wait).toBeLessThan(1.21 * first * 2 ** (i + 1));
    });
  });

  test('a server that lets itself be polled is polled as long as it gives new ids, at the pace it asks for', async () => {
    let askedId: unknown;
    const { ask } = await connect(
      cut(
        (id) => {
          askedId = id;
          return ['retry: 300\n', event('', { id: 'e0' })];
        },
        'end',
        (_seen, response) => {
          const n = server.seenBy('GET').length;
          openEvents(response);
          response.end(n < 12 ? event('', { id: `e${n}` }) : event(resultFor(askedId), { id: 'last' }));
        },
      ),
    );
    expect((await ask('tools/call')).message).toBeDefined();
    expect(clock.waits).toEqual(Array.from({ length: 12 }, () => 300));
  });

  test.each([400, 404, 405])('a resumption refused with HTTP %i is the end', async (status) => {
    const { ask } = await connect(
      cut(
        () => [event('', { id: 'e1' })],
        'end',
        (_seen, response) => void response.writeHead(status).end('no'),
      ),
    );
    const { error } = await ask('tools/call');
    expect(error).toMatchObject({ code: 'outcome_unknown', executed: 'unknown', status });
    expect(server.seenBy('GET')).toHaveLength(1);
  });

  test('an event over the limit in a resumed stream fails its request', async () => {
    const { ask } = await connect(
      cut(
        () => [event('', { id: 'e1' })],
        'end',
        (_seen, response) => {
          openEvents(response);
          response.write(`data: ${'x'.repeat(20_000)}`);
        },
      ),
      10_000,
    );
    expect((await ask('tools/call')).error).toMatchObject({ code: 'message_too_large', limit: 10_000 });
    await until(() => server.seenBy('GET')[0]?.aborted === true);
  });

  test('a resumption can be cancelled, while it waits and while it reads', async () => {
    const { ask, transport, failed } = await connect(
      cut(
        () => [event('', { id: 'e1' })],
        'end',
        (_seen, response) => openEvents(response),
      ),
    );
    void ask('tools/call');
    await until(() => server.seenBy('GET').length === 1);
    transport.cancel?.(1);
    await until(() => server.seenBy('GET')[0]?.aborted === true);
    clock.after = () => ({ cancel() {}, keepAlive() {} });
    void ask('tools/call');
    await until(() => server.seenBy('POST').length === 2);
    await settleDown(30);
    transport.cancel?.(2);
    expect(server.seenBy('GET')).toHaveLength(1);
    expect(failed).toEqual([]);
  });
});
