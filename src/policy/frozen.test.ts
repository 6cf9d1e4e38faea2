import { describe, expect, test } from 'vitest';
import { frozenCopy } from './frozen.ts';

const deep = (levels: number): object => (levels === 0 ? {} : { in: deep(levels - 1) });
class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
}
const isFrozen = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));

describe('a frozen copy', () => {
  test.each<[string, object]>([
    ['plain values', { a: 'x', b: 1.5, c: true, d: null, e: [1, 'two', [3]], f: { g: {} } }],
    ['what JSON leaves out', { a: undefined, b: () => 1, c: Symbol('s'), d: [undefined, () => 1] }],
    ['what is no number in JSON', { a: Number.NaN, b: Number.POSITIVE_INFINITY }],
    ['what turns itself into JSON', { when: new Date(0), list: [new Date(0)], own: { toJSON: () => ({ x: [1] }) } }],
    ['instances of classes', { money: new Money(5), map: new Map([[1, 2]]) }],
    ['objects without a prototype', Object.assign(Object.create(null), { a: { b: 1 } })],
    ['a key that means something else in objects', JSON.parse('{"a":{"__proto__":{"b":1}}}')],
    ['lists with holes', { list: Array(2) }],
    ['what is nested deeply', deep(200)],
    ['a list of very many', { list: Array.from({ length: 200_000 }, () => new Money(1)) }],
    ['a half of a character', { text: '\ud800' }],
  ])('is what JSON makes of %s', (_, value) => {
    const copy = frozenCopy(value);
    expect(copy).toEqual(JSON.parse(JSON.stringify(value)));
    expect(Object.keys(copy)).toEqual(Object.keys(JSON.parse(JSON.stringify(value))));
    expect(isFrozen(copy)).toBe(true);
  });

  test('shares nothing with what it was made of, which is read once', () => {
    let reads = 0;
    const given = {
      inner: { list: [1] },
      get now() {
        reads += 1;
        return reads;
      },
      when: new Date(0),
    };
    const copy = frozenCopy(given);
    given.inner.list.push(2);
    expect(copy).toEqual({ inner: { list: [1] }, now: 1, when: '1970-01-01T00:00:00.000Z' });
    expect(reads).toBe(1);
  });

  test.each<[string, unknown]>([
    [
      'has no end',
      Object.assign(Object.create(Object.prototype), {
        get self(): unknown {
          return this;
        },
      }),
    ],
    ['holds a bigint', { n: 1n }],
    [
      'throws when it is read',
      {
        get n(): never {
          throw new Error('trapped');
        },
      },
    ],
    ['is a list', [1]],
    ['is no object', 'x'],
  ])('of what %s is refused', (_, value) => {
    expect(() => frozenCopy(value)).toThrow(expect.objectContaining({ code: 'invalid_arguments', executed: 'no' }));
  });
});
