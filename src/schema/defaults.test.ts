import { describe, expect, test } from 'vitest';
import { applyDefaults } from './defaults.ts';

describe('applyDefaults', () => {
  const schema = {
    type: 'object',
    properties: { name: { type: 'string', default: 'Ann' }, age: { type: 'integer' }, tags: { default: ['a'] } },
  };

  test('fills what is absent', () => {
    expect({ ...applyDefaults(schema, { age: 3 }) }).toEqual({ age: 3, name: 'Ann', tags: ['a'] });
    expect({ ...applyDefaults(schema, undefined) }).toEqual({ name: 'Ann', tags: ['a'] });
  });

  test('never overwrites, not even null, false or an empty string', () => {
    expect({ ...applyDefaults(schema, { name: '', tags: null }) }).toEqual({ name: '', tags: null });
  });

  test('takes undefined for absent', () => {
    expect(applyDefaults(schema, { name: undefined }).name).toBe('Ann');
  });

  test('changes neither the value nor the schema, now or later', () => {
    const value = { age: 1 };
    const filled = applyDefaults(schema, value);
    (filled.tags as string[]).push('b');
    expect(value).toEqual({ age: 1 });
    expect(schema.properties.tags.default).toEqual(['a']);
  });

  test('sets no prototype, whatever the keys are', () => {
    const hostile = JSON.parse('{"properties":{"__proto__":{"default":{"x":1}},"constructor":{"default":2}}}');
    const filled = applyDefaults(hostile, JSON.parse('{"__proto__":{"y":1}}'));
    expect(Object.getPrototypeOf(filled)).toBeNull();
    expect(Object.keys(filled)).toEqual(['__proto__', 'constructor']);
    expect(({} as { x?: unknown; y?: unknown }).x ?? ({} as { y?: unknown }).y).toBeUndefined();
  });

  test.each([[{}], [{ properties: null }], [{ properties: [1] }], [{ properties: { a: true, b: null, c: 3 } }]])(
    'has nothing to add for %j',
    (odd) => {
      expect({ ...applyDefaults(odd, { z: 1 }) }).toEqual({ z: 1 });
    },
  );
});
