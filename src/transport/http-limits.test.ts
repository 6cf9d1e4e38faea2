import { afterEach, describe, expect, test } from 'vitest';
import { type Driven, drive, PORTS, until } from '../../test/fixtures/http/drive.ts';
import {
  event,
  type Handler,
  openEvents,
  type RawServer,
  resultFor,
  sendJson,
  startRawServer,
} from '../../test/fixtures/http/raw-server.ts';
import { createHttpTransport } from './http.ts';

const MIB = 1024 * 1024;

/** Writes the same chunk until the client is gone or `total` bytes are out, at the pace of the reader. */
const pour = (response: Parameters<Handler>[1], chunk: Buffer | string, total: number): void => {
  let left = total;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= chunk.length;
      if (!response.write(chunk)) {
        response.once('drain', more);
        return;
      }
    }
    if (!response.destroyed) response.end();
  };
  more();
};

describe.each(PORTS)('limits over %s', (_name, makePort) => {
  let server: RawServer;
  let driven: Driven;
  const connect = async (handle: Handler, maxMessageBytes?: number): Promise<Driven> => {
    server = await startRawServer(handle);
    const limits = maxMessageBytes === undefined ? {} : { maxMessageBytes };
    driven = drive(createHttpTransport({ url: server.url, port: makePort(server.origin), limits }));
    await driven.transport.start();
    return driven;
  };
  afterEach(async () => {
    await driven.transport.close();
    await server.close();
  });

  const fine: Handler = ({ message: { id } }, response) => sendJson(response, resultFor(id));
  const tooLarge = { code: 'message_too_large', executed: 'yes', limit: 10 * MIB };

  test.each([
    [
      'a JSON answer',
      (response: Parameters<Handler>[1], text: string) =>
        void response.writeHead(200, { 'content-type': 'application/json' }).end(text),
    ],
    [
      'a JSON answer without a length',
      (response: Parameters<Handler>[1], text: string) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write(text.slice(0, 10));
        response.end(text.slice(10));
      },
    ],
    [
      'an event',
      (response: Parameters<Handler>[1], text: string) => {
        openEvents(response);
        response.end(event(text));
      },
    ],
  ])('%s of 11 MiB fails its own call, and the next one is fine', async (_what, answer) => {
    const { ask } = await connect(({ message: { id } }, response) =>
      answer(response, JSON.stringify(resultFor(id, { text: 'x'.repeat(11 * MIB) }))),
    );
    expect((await ask('tools/call')).error).toMatchObject(tooLarge);
    server.handle = fine;
    expect((await ask('tools/call')).message).toBeDefined();
  });

  test.each(['json', 'event'] as const)('a %s of exactly the limit passes, one byte more does not', async (kind) => {
    const { ask } = await connect(({ message: { id, params } }, response) => {
      const empty = JSON.stringify(resultFor(id, { text: '' })).length;
      const text = JSON.stringify(resultFor(id, { text: 'x'.repeat(Number(params?.size) - empty) }));
      if (kind === 'json') response.writeHead(200, { 'content-type': 'application/json' }).end(text);
      else {
        openEvents(response);
        response.end(event(text));
      }
    }, MIB);
    expect((await ask('tools/call', { size: MIB })).message).toBeDefined();
    expect((await ask('tools/call', { size: MIB + 1 })).error).toMatchObject({ code: 'message_too_large', limit: MIB });
  });

  test.each([
    ['a JSON answer', 'application/json', '"', 'x'.repeat(64 * 1024)],
    ['an event of one line', 'text/event-stream', 'data: "', 'x'.repeat(64 * 1024)],
    [
      'an event of many lines',
      'text/event-stream',
      '',
      'data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n'.repeat(1024),
    ],
    [
      'an event of fields without data',
      'text/event-stream',
      '',
      'id: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n'.repeat(1024),
    ],
    ['a page of text', 'text/html', '<', 'x'.repeat(64 * 1024)],
  ])('%s of 256 MiB is cut off early', async (_what, type, first, chunk) => {
    const { ask } = await connect((_seen, response) => {
      response.writeHead(200, { 'content-type': type });
      response.write(first);
      pour(response, Buffer.from(chunk), 256 * MIB);
    });
    const before = process.memoryUsage.rss();
    const { error } = await ask('tools/call');
    expect(error).toMatchObject(tooLarge);
    expect(process.memoryUsage.rss() - before).toBeLessThan(128 * MIB);
    await until(() => server.seen[0]?.aborted === true, 'hanging up');
  });

  test('an endless page of a refusal is cut off, and the status is told', async () => {
    const { ask } = await connect((_seen, response) => {
      response.writeHead(500, { 'content-type': 'text/html' });
      pour(response, Buffer.alloc(64 * 1024, 'x'), 256 * MIB);
    });
    expect((await ask('tools/call')).error).toMatchObject({ code: 'outcome_unknown', status: 500 });
    await until(() => server.seen[0]?.aborted === true, 'hanging up');
  });

  test('a million comments are no message and take no room', async () => {
    const { ask } = await connect(({ message: { id } }, response) => {
      openEvents(response);
      for (let i = 0; i < 1000; i += 1) response.write(': keep-alive\n'.repeat(1000));
      response.end(`\n${event(resultFor(id, { ok: true }))}`);
    }, MIB);
    expect((await ask('tools/call')).message).toMatchObject({ result: { ok: true } });
  });

  test('what a server adds to an answer or an acceptance does not keep its socket', async () => {
    const { ask, notify } = await connect(({ message: { id } }, response) => {
      openEvents(response);
      if (id !== undefined) response.write(event(resultFor(id)));
      pour(response, ': and another thing\n'.repeat(100), 256 * MIB);
    });
    await ask('tools/call');
    await notify('notifications/x');
    await until(() => server.seen.length === 2 && server.seen.every(({ aborted }) => aborted), 'hanging up');
  });

  test('a stream that is left open after its answer is closed from this side', async () => {
    const { ask } = await connect(({ message: { id } }, response) => {
      openEvents(response);
      response.write(event(resultFor(id)));
    });
    await ask('tools/call');
    await until(() => server.seen[0]?.aborted === true, 'hanging up');
  });
});
