import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ToolwayError } from '../errors.ts';
import { createLineFramer, type LineFramerOptions } from './line-framer.ts';

const MIB = 2 ** 20;

const collect = (options: Partial<LineFramerOptions> = {}) => {
  const seen = {
    messages: [] as unknown[],
    noise: [] as string[],
    oversized: [] as [id: unknown, error: ToolwayError][],
    dropped: [] as ToolwayError[],
    broken: [] as ToolwayError[],
  };
  const framer = createLineFramer({
    maxMessageBytes: 10 * MIB,
    onmessage: (message) => seen.messages.push(message),
    onnoise: (excerpt) => seen.noise.push(excerpt),
    onoversized: (id, error) => seen.oversized.push([id, error]),
    ondropped: (error) => seen.dropped.push(error),
    onbroken: (error) => seen.broken.push(error),
    ...options,
  });
  const push = (input: string | Uint8Array, cut = Number.POSITIVE_INFINITY): void => {
    const bytes = Buffer.from(input as string);
    for (let i = 0; i < bytes.length; i += cut) framer.push(bytes.subarray(i, i + cut));
  };
  return { ...seen, framer, push };
};

const message = fc.record({
  jsonrpc: fc.constant('2.0'),
  id: fc.oneof(fc.integer(), fc.string()),
  result: fc.dictionary(fc.string({ unit: 'binary' }), fc.oneof(fc.jsonValue(), fc.constant('😀é\u2028\ud800'))),
});
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
/** Cuts the bytes at random places: one chunk size after the other, again and again. */
const pushCut = (push: (bytes: Uint8Array) => void, bytes: Buffer, sizes: number[]): void => {
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    push(bytes.subarray(at, at + size));
    at += size;
  }
};
const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 });

describe('messages', () => {
  test('1000 random ones arrive unchanged byte by byte, after a byte order mark and with CRLF', () => {
    const property = fc.property(fc.array(message, { minLength: 1000, maxLength: 1000 }), (values) => {
      const { messages, framer, push } = collect();
      push(`\ufeff${values.map((value) => JSON.stringify(value)).join('\r\n')}\r\n`, 1);
      expect(messages).toEqual(values.map(plain));
      expect(framer.noise).toBe(0);
    });
    fc.assert(property, { numRuns: 1, endOnFailure: true });
  });

  test('they arrive unchanged wherever the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(message), fc.constantFrom('\n', '\r\n', ' \n'), cuts, (values, ending, sizes) => {
        const { messages, push } = collect();
        pushCut(push, Buffer.from(values.map((value) => JSON.stringify(value) + ending).join('')), sizes);
        expect(messages).toEqual(values.map(plain));
      }),
      { numRuns: 200 },
    );
  });

  test('a batch of a 2025-03-26 server is one', () => {
    const { messages, push } = collect();
    push('[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","method":"b"}]\n');
    expect(messages).toHaveLength(1);
  });

  test('the last one may lack its newline when the stream ends', () => {
    const { messages, framer, push } = collect();
    push('{"id":1}\n{"id":2}');
    framer.end();
    expect(messages).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test('stop() holds back even those of the chunk at hand', () => {
    const seen: unknown[] = [];
    const { framer, push } = collect({
      onmessage(value) {
        seen.push(value);
        framer.stop();
      },
    });
    push('{"id":1}\n{"id":2}\n{"id":3}');
    push('\n{"id":4}\n');
    framer.end();
    expect(seen).toEqual([{ id: 1 }]);
  });
});

describe('noise', () => {
  const good = '{"jsonrpc":"2.0","id":1,"result":{}}';
  test.each([
    ['text', '> server@1.0.0 start'],
    ['a tag', '[INFO] ready'],
    ['a blank line', ''],
    ['null', 'null'],
    ['an empty array', '[]'],
    ['an array of numbers', '[1,2]'],
    ['a number', '42'],
    ['a string', '"{}"'],
    ['half a message', good.slice(0, 20)],
    ['two messages on a line', good + good],
    ['a NUL', `${good}\0`],
    ['invalid UTF-8', Buffer.from(`{"a":"\xff"}`, 'latin1')],
    ['an overlong encoding', Buffer.from(`{"a":"\xc0\xaf"}`, 'latin1')],
    ['an encoded surrogate', Buffer.from(`{"a":"\xed\xa0\x80"}`, 'latin1')],
    ['a message that ends in half a character', Buffer.from(`{"a":"\xf0\x9f`, 'latin1')],
    ['messages separated by CR only', `${good}\r${good}`],
  ])('%s is counted, and the next message is heard', (_name, junk) => {
    for (const cut of [1, 7, 1000]) {
      const { messages, framer, broken, push } = collect();
      push(Buffer.concat([Buffer.from(junk as string), Buffer.from(`\n${good}\n`)]), cut);
      expect(framer.noise).toBe(1);
      expect(messages).toEqual([JSON.parse(good)]);
      expect(broken).toEqual([]);
    }
  });

  test('it is reported once, without terminal control', () => {
    const { noise, framer, push } = collect();
    push(`\n\x1b[31mhello\x1b[0m\x07 ${'x'.repeat(1000)}\nmore\n`);
    expect(framer.noise).toBe(3);
    expect(noise).toEqual([expect.stringMatching(/^hello x{114}…$/)]);
  });

  test.each([
    ['many lines', `${'junk '.repeat(20)}\n`],
    ['blank lines', '\n'],
    ['one endless line', 'junk'],
  ])('more than 1 MiB in a row ends the link: %s', (_name, junk) => {
    const { broken, framer, push } = collect({ maxMessageBytes: 100_000 });
    const some = junk.repeat(Math.floor((MIB - 200) / junk.length));
    push(some, 65_536);
    expect(broken).toEqual([]);
    push('\n{"id":1}\n');
    push(some, 65_536);
    expect(broken).toEqual([]);
    push(junk.repeat(400), 100);
    expect(broken).toHaveLength(1);
    expect(broken[0]).toMatchObject({ code: 'protocol_error', limit: MIB });
    const { noise } = framer;
    push(some);
    expect(framer.noise).toBe(noise);
  });
});

test('an endless line of junk is given up at the limit for noise, not at that for messages', () => {
  const { broken, push } = collect();
  push('x'.repeat(MIB + 1), 65_536);
  expect(broken).toMatchObject([{ code: 'protocol_error', limit: MIB }]);
});

test('of random bytes nothing but JSON objects comes out, and a good message is heard afterwards', () => {
  const piece = fc.oneof(
    fc.uint8Array(),
    fc
      .constantFrom('\n', '\r', '\0', '{', '}', '[', '"', '\\', '{}\n', '{"id":1}\n', '\ufeff')
      .map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), cuts, fc.constantFrom(8, 64, 1000), (pieces, sizes, limit) => {
      const { messages, broken, push } = collect({ maxMessageBytes: limit });
      pushCut(push, Buffer.concat(pieces), sizes);
      push('\n{"ok":1}\n');
      for (const value of messages) expect(value).toBeTypeOf('object');
      if (broken.length === 0) expect(messages.at(-1)).toEqual({ ok: 1 });
      else expect(broken.map(({ code }) => code)).toEqual(['message_too_large']);
    }),
    { numRuns: 1000 },
  );
});

test('a message cut off at any byte is no message', () => {
  const bytes = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"a":"😀\\ud83d","b":[1,{"c":null}]}}');
  for (let cut = 0; cut < bytes.length; cut += 1) {
    const { messages, framer, push } = collect();
    push(bytes.subarray(0, cut));
    framer.end();
    expect(messages).toEqual([]);
    push('\n{}\n');
    expect(messages).toEqual([]);
  }
});

describe('the size limit', () => {
  const answer = (bytes: number, id: unknown = 7): string => {
    const [head, tail] = ['{"jsonrpc":"2.0","result":{"t":"', `"},"id":${JSON.stringify(id)}}`];
    return `${head}${'x'.repeat(bytes - head.length - tail.length)}${tail}`;
  };

  test.each([1, 100, 65_536])('is exact to the byte, in chunks of %i', (cut) => {
    for (const limit of cut === 65_536 ? [10 * MIB] : [64, 4096]) {
      const { messages, oversized, push } = collect({ maxMessageBytes: limit });
      for (const bytes of [limit - 1, limit, limit + 1]) push(`${answer(bytes)}\n`, cut);
      expect(messages).toHaveLength(2);
      expect(oversized).toHaveLength(1);
      push('{"ok":1}\n');
      expect(messages.at(-1)).toEqual({ ok: 1 });
    }
  });

  test('fails only the request whose answer it is', () => {
    const { messages, oversized, broken, push } = collect({ maxMessageBytes: 1000 });
    push(`{"id":1}\n${answer(5000, 'a')}\n{"id":2}\n${answer(1001, 8)}\n{"id":3}\n`);
    expect(messages).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    expect(oversized.map(([id]) => id)).toEqual(['a', 8]);
    expect(oversized[0]?.[1]).toMatchObject({ code: 'message_too_large', limit: 1000, executed: 'yes' });
    expect(broken).toEqual([]);
  });

  test('drops a notification that is too large', () => {
    const { messages, dropped, broken, push } = collect({ maxMessageBytes: 1000 });
    push(`{"method":"log","params":{"id":1,"text":"${'x'.repeat(2000)}"}}\n{"id":1}\n`, 300);
    expect(dropped).toMatchObject([{ code: 'message_too_large', limit: 1000 }]);
    expect(messages).toEqual([{ id: 1 }]);
    expect(broken).toEqual([]);
  });

  test.each([
    ['without an id', `{"result":"${'x'.repeat(2000)}"}`],
    ['with an id that is none', answer(2000, null)],
    ['that is broken', `${answer(2000)}}`],
  ])('ends the link over a message %s', (_name, line) => {
    for (const cut of [300, 10_000]) {
      const { messages, broken, push } = collect({ maxMessageBytes: 1000 });
      push(`${line}\n{"id":1}\n`, cut);
      expect(broken).toMatchObject([{ code: 'message_too_large', limit: 1000 }]);
      expect(messages).toEqual([]);
    }
  });

  test('ends the link over a line that does not end', () => {
    const { broken, push } = collect({ maxMessageBytes: 1000, maxLineBytes: 100_000 });
    push(`{"id":1,"result":"${'x'.repeat(99_000)}`, 4096);
    expect(broken).toEqual([]);
    push('x'.repeat(2000));
    expect(broken).toMatchObject([{ code: 'message_too_large', limit: 100_000 }]);
  });
});

describe('memory and time', () => {
  test('256 MiB on one line are never held', () => {
    const chunk = Buffer.alloc(65_536, 'x');
    const { messages, oversized, framer, push } = collect();
    push('{"id":1,"result":"');
    const before = process.memoryUsage().rss;
    let most = 0;
    for (let i = 0; i < 4096; i += 1) {
      framer.push(chunk);
      if (i % 256 === 0) most = Math.max(most, process.memoryUsage().rss - before);
    }
    push('"}\n{"id":2}\n');
    expect(most).toBeLessThan(64 * MIB);
    expect(oversized.map(([id]) => id)).toEqual([1]);
    expect(messages).toEqual([{ id: 2 }]);
  });

  test('a large message costs as many copied bytes as a multiple of its size, not of its chunks', () => {
    const line = Buffer.from(`{"t":"${'x'.repeat(8 * MIB)}"}\n`);
    let copied = 0;
    const allocate = Buffer.allocUnsafeSlow;
    Buffer.allocUnsafeSlow = (bytes) => {
      copied += bytes;
      return allocate(bytes);
    };
    try {
      const { messages, push } = collect();
      push(line, 1024);
      expect(messages).toHaveLength(1);
    } finally {
      Buffer.allocUnsafeSlow = allocate;
    }
    expect(copied).toBeLessThan(4 * line.length);
  });
});
