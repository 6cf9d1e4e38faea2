import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ownCopy } from './own-copy.ts';

class Money {
  amount = 5;
  toJSON(): string {
    return `${this.amount} EUR`;
  }
}

test('a copy of JSON shares nothing with it', () => {
  const value = { a: [{ b: 1 }], c: { d: 'x' } };
  const copy = ownCopy(value);
  value.a[0] = { b: 2 };
  value.c.d = 'y';
  expect(copy).toEqual({ a: [{ b: 1 }], c: { d: 'x' } });
});

test.each<[string, unknown]>([
  ['a date', { at: new Date(0) }],
  ['a value with a spelling of its own', { price: new Money(), own: { toJSON: () => 'itself' } }],
  ['nothing', { none: undefined, list: [undefined, null, Number.NaN] }],
  ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
  ['the key __proto__', JSON.parse('{"__proto__":{"a":1}}')],
  ['a boxed text', { text: Object('x') }],
  ['a map', { map: new Map([[1, 2]]) }],
  ['a function', { run() {} }],
  ['a list with holes', { list: Array(3) }],
])('%s is written as it was', (_, value) => {
  expect(JSON.stringify(ownCopy(value))).toBe(JSON.stringify(value));
});

test('whatever there is, its copy is written as it was', () => {
  const options = { withBigInt: false, withDate: true, withNullPrototype: true, withMap: true, withBoxedValues: true };
  fc.assert(fc.property(fc.anything(options), (value) => JSON.stringify(ownCopy(value)) === JSON.stringify(value)));
});

test('an object of another realm is copied', () => {
  const value = runInNewContext('({ a: { b: 1 } })') as { a: { b: number } };
  const copy = ownCopy(value);
  value.a.b = 2;
  expect(copy.a.b).toBe(1);
});

test('what cannot be copied is given back', () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  let deep: unknown[] = [];
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  const refusing = {
    get a() {
      throw new Error('no');
    },
  };
  for (const value of [circle, deep, refusing]) expect(ownCopy(value)).toBe(value);
});
