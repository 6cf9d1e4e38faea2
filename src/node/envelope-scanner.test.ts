import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEnvelopeScanner, type Envelope } from './envelope-scanner.ts';

const scan = (text: string, cut = Number.POSITIVE_INFINITY): Envelope => {
  const bytes = Buffer.from(text);
  const scanner = createEnvelopeScanner();
  for (let i = 0; i < bytes.length; i += cut) scanner.scan(bytes.subarray(i, i + cut));
  return scanner.end();
};

describe('the id of a message is found without keeping the message', () => {
  test.each([
    ['{"id":5,"result":{}}', 5],
    ['{"result":{"id":6,"a":[{"id":7}]},"id":5}', 5],
    ['{"result":"\\"id\\":9,","id":"a\\"b"}', 'a"b'],
    ['{"\\u0069d":-1.5e3}', -1500],
    ['{"id":1,"id":2}', 2],
    ['\ufeff \t{ "id" : 5 , "result" : [ ] }\r', 5],
    ['{"id":null,"error":{}}', undefined],
    ['{"id":{"id":5}}', undefined],
    ['{"id":[5]}', undefined],
    ['{"id":true}', undefined],
    ['{"result":{"id":5}}', undefined],
    ['{"x":"id","y":5}', undefined],
    [`{"id":"${'a'.repeat(300)}"}`, undefined],
    ['{"id":5', undefined],
    ['{"id":5,"a":"', undefined],
    ['{"id":5}{"id":6}', undefined],
    ['[{"id":5}]', undefined],
    ['"id"', undefined],
    ['', undefined],
  ])('%s', (text, id) => {
    expect(scan(text).id).toBe(id);
    expect(scan(text, 1).id).toBe(id);
  });

  test('whether it has a method tells requests from answers', () => {
    expect(scan('{"params":{},"id":5,"method":"x"}').hasMethod).toBe(true);
    expect(scan('{"result":{"method":"x"},"id":5}').hasMethod).toBe(false);
  });

  test('only what does not open with a brace is junk', () => {
    const scanner = createEnvelopeScanner();
    scanner.scan(Buffer.from(' \t'));
    expect(scanner.junk).toBe(false);
    scanner.scan(Buffer.from('x'));
    expect(scanner.junk).toBe(true);
  });
});

test('it agrees with JSON.parse about any object, however its bytes are cut', () => {
  const id = fc.oneof(fc.integer(), fc.string({ unit: 'binary', maxLength: 20 }), fc.constant(null));
  const rest = fc.dictionary(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('id', 'method', 'result')),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(
      rest,
      id,
      fc.boolean(),
      fc.nat(2),
      fc.integer({ min: 1, max: 9 }),
      (others, value, last, space, cut) => {
        const object = last ? { ...others, id: value } : { id: value, ...others };
        const text = JSON.stringify(object, null, space).replaceAll('\n', '\r');
        const parsed = JSON.parse(text);
        const expected = ['string', 'number'].includes(typeof parsed.id) ? parsed.id : undefined;
        expect(scan(text, cut)).toEqual({ complete: true, hasMethod: Object.hasOwn(parsed, 'method'), id: expected });
      },
    ),
    { numRuns: 200 },
  );
});
