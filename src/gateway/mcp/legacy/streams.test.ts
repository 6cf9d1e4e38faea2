import { describe, expect, test } from 'vitest';
import type { JsonRpcMessage } from '../../../protocol/wire.ts';
import { createEventLogs } from './event-log.ts';
import { createStreams, type Streams } from './streams.ts';

const say = (n: number, pad = ''): JsonRpcMessage => ({ jsonrpc: '2.0', method: 'say', params: { n, pad } });
const streamsOf = ({ maxStreams = 16, primes = false, logs = createEventLogs() } = {}): Streams =>
  createStreams({ log: logs.open(), maxStreams, primes: () => primes });

/** Reads what a stream has to say now, and leaves it. */
const heard = async (response: Response | undefined): Promise<string> => {
  const reader = (response as Response & { body: ReadableStream<Uint8Array> }).body.getReader();
  let text = '';
  for (;;) {
    const next = await Promise.race([
      reader.read(),
      new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined))),
    ]);
    if (next === undefined || next.done) break;
    text += new TextDecoder().decode(next.value);
  }
  await reader.cancel();
  return text;
};
const numbers = (text: string): number[] => [...text.matchAll(/"n":(\d+)/g)].map(([, n]) => Number(n));
const lastId = (text: string): string => [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '';

describe('the streams of a session', () => {
  test('keep what nobody hears, the latest 64, and say a thing without parameters once', async () => {
    const streams = streamsOf();
    const changed: JsonRpcMessage = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' };
    for (let n = 0; n < 70; n += 1) streams.push(say(n));
    streams.push(changed);
    streams.push(changed);
    const text = await heard(streams.listen());
    expect(numbers(text)).toEqual(Array.from({ length: 63 }, (_, index) => index + 7));
    expect(text.split('list_changed')).toHaveLength(2);
  });

  test.each([
    [true, ['', '']],
    [false, ['', 'open']],
  ])(
    'are cut, those of POSTs only where that is said (%s), and what they were to say can be had',
    async (replies, left) => {
      const streams = streamsOf();
      const [listened, posted] = [streams.listen(), streams.reply()];
      streams.push(say(1));
      streams.cut({ replies });
      const isOver = async (response: Response | undefined): Promise<string> =>
        Promise.race([
          response?.text().then(() => '') ?? 'none',
          new Promise<string>((open) => setImmediate(open, 'open')),
        ]);
      expect([await isOver(listened), await isOver(posted?.response)]).toEqual(left);
      posted?.reply.send(say(2));
      posted?.reply.end();
      expect(numbers(await heard(streams.resume('1.0') as Response))).toEqual([1]);
      expect(numbers(await heard(streams.resume('2.0') as Response))).toEqual([2]);
    },
  );

  test('each message goes to one of them alone', async () => {
    const streams = streamsOf();
    const [first, second] = [streams.listen(), streams.listen()];
    streams.push(say(1));
    expect(numbers((await heard(first)) + (await heard(second)))).toEqual([1]);
  });

  test('go on where they broke, with what was said meanwhile', async () => {
    const streams = streamsOf();
    const listening = streams.listen();
    streams.push(say(1));
    const id = lastId(await heard(listening));
    streams.push(say(2));
    const again = streams.resume(id) as Response;
    streams.push(say(3));
    expect(numbers(await heard(again))).toEqual([2, 3]);
  });

  test('of a POST are over with their last answer, and can be asked for what was missed', async () => {
    const streams = streamsOf({ primes: true });
    const begun = streams.reply();
    const id = lastId(await heard(begun?.response));
    begun?.reply.send(say(1));
    begun?.reply.send(say(2));
    begun?.reply.end();
    const text = await heard(streams.resume(id) as Response);
    expect(numbers(text)).toEqual([1, 2]);
    expect(streams.resume(lastId(text))).toBe('nothing');
    expect(streams.open).toBe(false);
  });

  test('know no event that they never had, or have no more', async () => {
    const streams = streamsOf();
    streams.push(say(0));
    const id = lastId(await heard(streams.listen()));
    for (const unknown of ['', '1', '1.2', '2.1', 'a.b', '1.1.1', `${'9'.repeat(30)}.1`])
      expect(streams.resume(unknown)).toBe('unknown');
    expect(streams.resume(id)).toBeInstanceOf(Response);
    const begun = streams.reply();
    begun?.reply.send(say(1));
    const first = await heard(begun?.response);
    for (let n = 2; n < 1_030; n += 1) begun?.reply.send(say(n));
    expect(streams.resume(lastId(first))).toBe('unknown');
  });

  test('are broken off where their reader does not keep up, and can be resumed', async () => {
    const streams = streamsOf();
    const slow = streams.listen() as Response;
    streams.push(say(0));
    for (let n = 1; n <= 6; n += 1) streams.push(say(n, 'x'.repeat(1_000_000)));
    expect(streams.open).toBe(false);
    await expect(slow.text()).rejects.toThrow('does not keep up');
    streams.push(say(7));
    expect(numbers(await heard(streams.listen()))).toEqual([7]);
  });

  test('are no more than are allowed at a time', async () => {
    const streams = streamsOf({ maxStreams: 2 });
    const first = streams.listen();
    expect(streams.reply()).toBeDefined();
    expect([streams.listen(), streams.reply()]).toEqual([undefined, undefined]);
    await first?.body?.cancel();
    expect(streams.listen()).toBeDefined();
  });

  test('tell a client of 2025-11-25 when to come again, before there is anything to say', async () => {
    expect(await heard(streamsOf({ primes: true }).listen())).toBe('id: 1.0\nretry: 1000\ndata:\n\n');
    expect(await heard(streamsOf({ primes: false }).listen())).toBe(':\n\n');
  });

  test('end with their session', async () => {
    const streams = streamsOf();
    const response = streams.listen() as Response;
    streams.close();
    expect(await response.text()).toBe(':\n\n');
    expect([streams.listen(), streams.resume('1.0')]).toEqual([undefined, 'unknown']);
  });
});

test('the events of all sessions together are bounded', () => {
  const logs = createEventLogs();
  const many = Array.from({ length: 70 }, () => logs.open());
  for (const log of many) for (const place of [1, 2]) log.add(1, place, 'x'.repeat(500_000));
  const kept = many.filter((log) => log.after(1, 0, 2) !== undefined).length;
  expect(kept).toBe(67);
  for (const log of many) log.close();
  const later = logs.open();
  for (const place of [1, 2]) later.add(1, place, 'x'.repeat(500_000));
  expect(later.after(1, 0, 2)).toHaveLength(2);
});
