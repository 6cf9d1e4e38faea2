import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEnvelopeScan, type Envelope, type EnvelopeScan } from './envelope-scan.ts';

const passed = (text: string, step = Number.POSITIVE_INFINITY): EnvelopeScan => {
  const bytes = new TextEncoder().encode(text);
  const found = createEnvelopeScan();
  for (let at = 0; at < bytes.length; at += step) found.push(bytes.subarray(at, at + step));
  return found;
};
const scan = (text: string, step?: number): Envelope => ({ ...passed(text, step).envelope });

describe('the envelope of a message that is not parsed', () => {
  test('tells an answer from a request of the server', () => {
    expect(scan('{"jsonrpc":"2.0","id":7,"result":{}}')).toEqual({ id: 7, method: false, result: true });
    expect(scan('{"jsonrpc":"2.0","id":"7","error":{"code":1,"message":""}}')).toEqual({
      id: '7',
      method: false,
      result: false,
    });
    expect(scan('{"id":7,"method":"ping"}')).toEqual({ id: 7, method: true, result: false });
  });

  test('finds an id that stands behind the body', () => {
    expect(scan(`{"result":{"text":"${'x'.repeat(100_000)}"},"id":12}`).id).toBe(12);
  });

  test.each([
    ['an id inside the body', '{"result":{"id":1,"a":[{"id":2}]}}'],
    ['an id inside a string', '{"result":"\\"id\\":3,{\\\\"}'],
    ['an id in a batch', '[{"id":4,"result":{}}]'],
    ['null', '{"id":null,"result":{}}'],
    ['true', '{"id":true,"result":{}}'],
    ['an object', '{"id":{"id":5},"result":{}}'],
    ['a number beyond all numbers', '{"id":1e999,"result":{}}'],
    ['a string of 2 KiB', `{"id":"${'i'.repeat(2048)}","result":{}}`],
    ['no JSON', 'id: 5, "id" : 5'],
    ['nothing', ''],
    ['a value that is its name', '{"x":"id","y":5}'],
    ['its name alone', '"id"'],
    ['one behind a letter', 'x{"id":5}'],
  ])('%s is no id', (_, text) => {
    expect(scan(text).id).toBeUndefined();
  });

  test.each([
    ['spaces and line ends', ' { "id" :\r\n 9 , "result" : null } ', 9],
    ['an escaped key', '{"\\u0069d":9,"result":{}}', 9],
    ['an escaped value', '{"id":"a\\"\\\\\\u00fc","result":{}}', 'a"\\ü'],
    ['a fraction', '{"id":1.5,"result":{}}', 1.5],
    ['the last of two', '{"id":1,"result":{},"id":2}', 2],
    ['an exponent', '{"id":-1.5e3}', -1500],
    ['one behind another of the body', '{"result":{"id":6,"a":[{"id":7}]},"id":5}', 5],
    ['no end', '{"id":3,"result":"xxxxx', 3],
  ])('%s is read as JSON reads it', (_, text, id) => {
    expect(scan(text).id).toBe(id);
  });

  test.each([
    ['', 'before'],
    ['\ufeff \t', 'before'],
    ['\ufeff \t{', 'inside'],
    ['{"id":5', 'inside'],
    ['{"id":5,"a":"}', 'inside'],
    ['{"id":5,"a":[{}]}', 'after'],
    ['\ufeff \t{ "id" : 5 } \r\n', 'after'],
    ['{"id":5}{"id":6}', 'malformed'],
    ['[{"id":5}]', 'junk'],
    ['"id"', 'junk'],
    [' x', 'junk'],
  ])('after %j its bytes have come to: %s', (text, place) => {
    expect(passed(text).place).toBe(place);
    expect(passed(text, 1).place).toBe(place);
  });

  test('an id that is taken back is none', () => {
    expect(scan('{"id":1,"result":{},"id":null}').id).toBeUndefined();
  });

  test('wherever the bytes are split, it says what JSON.parse would have said', () => {
    const id = fc.oneof(fc.integer(), fc.string({ unit: 'binary', maxLength: 20 }), fc.constant(null));
    const rest = fc.dictionary(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('id', 'method', 'result')),
      fc.jsonValue(),
    );
    const step = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(rest, id, fc.boolean(), fc.nat(2), step, (others, value, last, space, size) => {
        const text = JSON.stringify(last ? { ...others, id: value } : { id: value, ...others }, null, space);
        const parsed = JSON.parse(text);
        const { envelope, place } = passed(text, size);
        expect(place).toBe('after');
        expect({ id: undefined, ...envelope }).toEqual({
          id: ['string', 'number'].includes(typeof parsed.id) ? parsed.id : undefined,
          method: Object.hasOwn(parsed, 'method'),
          result: Object.hasOwn(parsed, 'result'),
        });
      }),
      { numRuns: 200 },
    );
  });

  test('random bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const found = createEnvelopeScan();
        found.push(bytes);
        expect(typeof found.envelope.method).toBe('boolean');
      }),
    );
  });
});
