import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Envelope } from './envelope-scan.ts';
import { createSkipping } from './event-skip.ts';
import { EventStream, type EventStreamOptions, readEvent, type StreamEvent } from './event-stream.ts';
import { EventTrail } from './event-trail.ts';

interface Read {
  events: StreamEvent[];
  retries: number[];
  tooLarge: (Envelope | undefined)[];
}

const read = (chunks: Iterable<Uint8Array>, options: Partial<EventStreamOptions> = {}): Read => {
  const seen: Read = { events: [], retries: [], tooLarge: [] };
  const stream = new EventStream({
    maxBytes: 1024 * 1024,
    onevent: (event) => seen.events.push(event),
    onretry: (ms) => seen.retries.push(ms),
    ontoolarge: (envelope) => seen.tooLarge.push(envelope && { ...envelope }),
    ...options,
  });
  for (const chunk of chunks) stream.feed(chunk);
  return seen;
};
const skipping = createSkipping({
  onendless() {
    throw new Error('no event is that long');
  },
});
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const slices = (all: Uint8Array, sizes: number[]): Uint8Array[] => {
  const parts: Uint8Array[] = [];
  for (let at = 0, i = 0; at < all.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    parts.push(all.slice(at, at + size));
    at += size;
  }
  return parts;
};

describe('events out of bytes', () => {
  test('messages come out whole, however the bytes are sliced and whichever line ends are used', () => {
    const messages = fc.array(
      fc.record({
        text: fc.string({ unit: 'grapheme' }),
        id: fc.option(fc.stringMatching(/^[a-z0-9]{1,8}$/), { nil: undefined }),
      }),
      { maxLength: 8 },
    );
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(messages, sizes, fc.constantFrom('\n', '\r\n', '\r'), fc.boolean(), (sent, cuts, eol, mark) => {
        const lines = sent.flatMap(({ text, id }) => [
          ...(id === undefined ? [] : [`id: ${id}`]),
          `data: ${JSON.stringify(text)}`,
          '',
        ]);
        // A lone CR at the very end may be half of a CRLF: the event is complete only with the next line.
        const wire = `${mark ? '\ufeff' : ''}${lines.map((line) => line + eol).join('')}:${eol}`;
        const { events } = read(slices(bytes(wire), cuts));
        expect(events.map(({ data, id }) => ({ text: JSON.parse(data), id }))).toEqual(sent);
      }),
      { numRuns: 1000 },
    );
  });

  test('a byte order mark is dropped at the beginning only', () => {
    const { events } = read([bytes('\ufeffdata: a\n\n'), bytes('data: \ufeffb\n\n')]);
    expect(events.map(({ data }) => data)).toEqual(['a', '\ufeffb']);
  });

  test('data of many lines is one text', () => {
    expect(read([bytes('data: {\ndata:  "a": 1\ndata: }\n\n')]).events[0]?.data).toBe('{\n "a": 1\n}');
  });

  test('an event without its blank line is none', () => {
    expect(read([bytes('data: a\n')]).events).toEqual([]);
  });

  test.each([
    ['retry: 5', [5]],
    ['retry: 99999999999999999999999', [1e23]],
    ['retry: -1', []],
    ['retry: NaN', []],
    ['retry: 1.5', []],
    ['retry:', []],
  ])('%s', (line, retries) => {
    expect(read([bytes(`${line}\n\n`)]).retries).toEqual(retries);
  });

  test('bytes that are no UTF-8 harm nothing else', () => {
    const { events } = read([Uint8Array.of(0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 10, 10), bytes('data: next\n\n')]);
    expect(events.map(({ data }) => data)).toEqual(['\ufffd', 'next']);
  });

  test('any bytes are survived, and a good event behind them is read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (junk) => {
        const { events } = read([junk, bytes('\n\ndata: good\n\n')]);
        expect(events.at(-1)?.data).toBe('good');
      }),
    );
  });

  test('the same stream in single bytes is bounded too', () => {
    const endless = function* () {
      yield bytes('data: ');
      for (let i = 0; i < 50_000; i += 1) yield Uint8Array.of(0x78);
    };
    expect(read(endless(), { maxBytes: 10_000 }).tooLarge).toEqual([undefined]);
  });
});

describe('events over the limit', () => {
  const limit = 10_000;
  const large = (fields: string): string =>
    `${fields}data: {"jsonrpc":"2.0","result":{"text":"${'x'.repeat(20_000)}","id":1},"id":7}\n`;

  test('end the stream, unless it shall go on', () => {
    const { events, tooLarge } = read([bytes(`${large('')}\ndata: next\n\n`)], { maxBytes: limit });
    expect(events).toEqual([]);
    expect(tooLarge).toEqual([undefined]);
  });

  test.each([
    ['in one piece', (wire: Uint8Array) => [wire]],
    ['in pieces of 1000 bytes', (wire: Uint8Array) => slices(wire, [1000])],
    ['in single bytes', (wire: Uint8Array) => slices(wire, [1])],
  ])('are skipped %s, and their envelope is known', (_how, pieces) => {
    for (const eol of ['\n', '\r\n', '\r']) {
      const wire = `data: first\n\n${large('event: message\n')}id: 5\n\ndata: next\n\n`.replaceAll('\n', eol);
      const { events, tooLarge } = read(pieces(bytes(`${wire}:${eol}`)), { maxBytes: limit, skipTooLarge: skipping });
      expect(events.map(({ data }) => data)).toEqual(['first', 'next']);
      expect(tooLarge).toHaveLength(1);
    }
    const { tooLarge } = read(pieces(bytes(`${large('')}\n`)), { maxBytes: limit, skipTooLarge: skipping });
    expect(tooLarge).toEqual([{ id: 7, method: false, result: true }]);
  });

  test('whose data stands in many lines keep their envelope to themselves', () => {
    const wire = `data: {"id":7,\n${'data: "a":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",\n'.repeat(1000)}\ndata: next\n\n`;
    const { events, tooLarge } = read(slices(bytes(wire), [500]), { maxBytes: limit, skipTooLarge: skipping });
    expect(events.map(({ data }) => data)).toEqual(['next']);
    expect(tooLarge).toEqual([undefined]);
  });

  test('and without end are given up', () => {
    let endless = 0;
    const { events, tooLarge } = read(slices(bytes(`data: ${'x'.repeat(50_000)}\n\ndata: next\n\n`), [1000]), {
      maxBytes: limit,
      skipTooLarge: createSkipping({
        maxSkippedBytes: 20_000,
        onendless: () => {
          endless += 1;
        },
      }),
    });
    expect([endless, events, tooLarge]).toEqual([1, [], []]);
  });

  test('are measured in bytes, not in characters', () => {
    const of = (count: number) => read([bytes(`data: ${'é'.repeat(count)}\n\n`)], { maxBytes: limit });
    expect(of(5000).events).toHaveLength(1);
    expect(of(5001).tooLarge).toHaveLength(1);
  });

  test('are no sum of small ones, of comments, or of fields without data', () => {
    for (const piece of ['data: 0123456789\n\n', ': comment\n', 'event: ping\n\n', 'id: 1\r\ndata: x\r\n\r\n']) {
      expect(read(slices(bytes(piece.repeat(5000)), [piece.length * 10]), { maxBytes: 1000 }).tooLarge).toEqual([]);
    }
  });
});

test('what an event holds is JSON, nothing, or a warning', () => {
  const warnings: Error[] = [];
  const value = (event: StreamEvent) => readEvent(event, (error) => warnings.push(error));
  expect(value({ data: '{"a":1}' })).toEqual({ a: 1 });
  expect(value({ data: '{"a":1}', event: 'message' })).toEqual({ a: 1 });
  expect(value({ data: '{"a":1}', event: 'ping' })).toBeUndefined();
  expect(value({ data: '' })).toBeUndefined();
  expect(warnings).toEqual([]);
  expect(value({ data: 'no\u001b JSON' })).toBeUndefined();
  expect(warnings).toMatchObject([{ code: 'protocol_error', message: 'an event holds no JSON: no\\u{1b} JSON' }]);
});

describe('the trail of a stream', () => {
  test('knows what earlier connections have brought, not what this one repeats', () => {
    const trail = new EventTrail();
    expect([trail.note('a'), trail.note('a'), trail.note('b')]).toEqual(['advanced', 'none', 'advanced']);
    trail.reconnect();
    expect([trail.note('a'), trail.note('b'), trail.note('c')]).toEqual(['repeated', 'repeated', 'advanced']);
    expect(trail.lastId).toBe('c');
  });

  test('takes no id that cannot stand in a header, and forgets it where an empty one comes', () => {
    const ids = ['good', '世界', 'a\u0001', 'x'.repeat(1025)];
    const { events } = read([bytes(`data: 0\n\n${ids.map((id) => `id: ${id}\ndata: 1\n\n`).join('')}`)]);
    expect(events.map(({ id }) => id)).toEqual([undefined, 'good', undefined, undefined, undefined]);
    const trail = new EventTrail();
    for (const { id } of events) trail.note(id);
    expect(trail.lastId).toBe('good');
    trail.note('');
    expect(trail.lastId).toBeUndefined();
  });

  test('remembers 512 ids and no more', () => {
    const trail = new EventTrail({ ids: ['e0'] });
    for (let i = 1; i < 2000; i += 1) trail.note(`e${i}`);
    trail.reconnect();
    expect(trail.note('e1999')).toBe('repeated');
    expect(trail.note('e1488')).toBe('repeated');
    expect(trail.note('e1487')).toBe('advanced');
  });
});
