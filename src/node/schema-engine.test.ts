import { afterEach, describe, expect, test } from 'vitest';
import type { Problem } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import { type Check, isRefusal, type Validator } from '../schema/validator.ts';
import { createAjvValidator, MAX_VALUE_NODES } from './schema-engine.ts';
import { WATCHDOG_MS } from './schema-worker.ts';

const validators: Validator[] = [];
const validator = (): Validator => {
  const made = createAjvValidator();
  validators.push(made);
  return made;
};
afterEach(async () => {
  for (const made of validators.splice(0)) await made.close();
});

const checkOf = async (engine: Validator, schema: JsonObject): Promise<Check> => {
  const check = await engine.compile(schema);
  if (isRefusal(check)) throw new Error(check.reason);
  return check;
};

/** Backtracks without end on `aaa…!`, and has a lookahead, which RE2 does not know. */
const SLOW = { type: 'object', properties: { a: { type: 'string', pattern: '^(?=a)(a+)+$' } } };
const EVIL = { a: `${'a'.repeat(60)}!` };

describe('messages', () => {
  const schema = {
    type: 'object',
    properties: {
      path: { type: 'string', minLength: 1 },
      count: { type: 'integer', minimum: 1, maximum: 9 },
      mode: { enum: ['read', 'write'] },
      tags: { type: 'array', items: { type: 'string' }, maxItems: 2, uniqueItems: true },
      note: { type: ['string', 'null'] },
      either: { anyOf: [{ type: 'object', required: ['id'] }, { type: 'null' }] },
      fixed: { const: 1 },
      step: { multipleOf: 5 },
    },
    required: ['path'],
    additionalProperties: false,
  };

  test.each<[unknown, Problem[]]>([
    [{}, [{ path: '', message: 'missing required property "path"' }]],
    [{ path: 'a', pht: 1 }, [{ path: '/pht', message: 'unknown property "pht"' }]],
    [{ path: 'a', tgas: 1 }, [{ path: '/tgas', message: 'unknown property "tgas" (did you mean "tags"?)' }]],
    [{ path: 5 }, [{ path: '/path', message: 'must be a string, got 5' }]],
    [{ path: '' }, [{ path: '/path', message: 'must have at least 1 character, got ""' }]],
    [{ path: 'a', count: 'abc' }, [{ path: '/count', message: 'must be an integer, got "abc"' }]],
    [{ path: 'a', count: 0 }, [{ path: '/count', message: 'must be >= 1, got 0' }]],
    [{ path: 'a', mode: 'x' }, [{ path: '/mode', message: 'must be "read" or "write", got "x"' }]],
    [{ path: 'a', note: 1 }, [{ path: '/note', message: 'must be a string or null, got 1' }]],
    [{ path: 'a', either: 1 }, [{ path: '/either', message: 'must be an object or null, got 1' }]],
    [{ path: 'a', either: {} }, [{ path: '/either', message: 'missing required property "id"' }]],
    [{ path: 'a', fixed: 2 }, [{ path: '/fixed', message: 'must be 1, got 2' }]],
    [{ path: 'a', step: 7 }, [{ path: '/step', message: 'must be a multiple of 5, got 7' }]],
    [
      { path: 'a', tags: ['x', 'x'] },
      [{ path: '/tags', message: 'must not repeat items, but items 0 and 1 are equal' }],
    ],
    [{ path: 'a', tags: ['x', 2] }, [{ path: '/tags/1', message: 'must be a string, got 2' }]],
    [[], [{ path: '', message: 'must be an object, got an array of 0 items' }]],
    [undefined, [{ path: '', message: 'must be an object, got nothing' }]],
  ])('%j', async (value, problems) => {
    expect((await checkOf(validator(), schema))(value)).toEqual(problems);
  });

  test('every failing path is named, and long values are cut', async () => {
    const problems = await (await checkOf(validator(), schema))({
      path: ['x'.repeat(999)],
      count: 1.5,
      step: 'x'.repeat(999),
      mode: 'y'.repeat(999),
    });
    expect(problems?.map(({ path }) => path).sort()).toEqual(['/count', '/mode', '/path']);
    for (const { message } of problems ?? []) expect(message.length).toBeLessThan(120);
  });

  test('at most 20 problems are told', async () => {
    const check = await checkOf(validator(), { items: { type: 'string' } });
    expect(await check(Array.from({ length: 500 }, (_, index) => index))).toHaveLength(20);
  });

  test('a pattern is told by the worker in the same words', async () => {
    const check = await checkOf(validator(), { properties: { a: { pattern: '^x$' }, b: { type: 'string' } } });
    expect(await check({ a: 'y', b: 1 })).toEqual([
      { path: '/a', message: 'must match the pattern ^x$, got "y"' },
      { path: '/b', message: 'must be a string, got 1' },
    ]);
  });
});

describe('on the calling thread', () => {
  test('a small schema answers at once', async () => {
    const check = await checkOf(validator(), { type: 'object', properties: { a: { type: 'string' } } });
    expect(check({ a: 'x' })).toBeUndefined();
    expect(check({ a: 1 })).toEqual([{ path: '/a', message: 'must be a string, got 1' }]);
  });

  test('the same schema, or an equal one with its keys in another order, is compiled once', async () => {
    const engine = validator();
    const schema = { type: 'object', properties: { a: { type: 'string' }, b: {} } };
    const first = await engine.compile(schema);
    expect(await engine.compile(schema)).toBe(first);
    expect(await engine.compile({ properties: { b: {}, a: { type: 'string' } }, type: 'object' })).toBe(first);
    expect(await engine.compile({ ...schema, type: ['object'] })).not.toBe(first);
  });

  test('a value that is large for its schema leaves the thread, and the answer is the same', async () => {
    const check = await checkOf(validator(), { items: { type: 'object', properties: { a: { type: 'string' } } } });
    const list = Array.from({ length: 150_000 }, () => ({ a: 'x' }));
    const good = check(list);
    expect(good).toBeInstanceOf(Promise);
    expect(await good).toBeUndefined();
    expect(await check([...list, { a: 1 }])).toEqual([{ path: '/150000/a', message: 'must be a string, got 1' }]);
  });

  test('a value that nobody can check in time does not pass', async () => {
    const check = await checkOf(validator(), { items: { type: 'number' } });
    const problems = await check(Array.from({ length: MAX_VALUE_NODES + 1 }, () => 1));
    expect(problems).toEqual([{ path: '', message: expect.stringContaining('could not be checked') }]);
  });

  test('a long text under a schema that does not measure it is no work', async () => {
    const check = await checkOf(validator(), { type: 'object', properties: { content: { type: 'string' } } });
    expect(check({ content: 'x'.repeat(5_000_000) })).toBeUndefined();
  });

  test('a schema that ajv cannot read is refused', async () => {
    expect(await validator().compile({ type: 'nothing' })).toEqual({
      reason: expect.stringContaining('is not one or several'),
    });
    expect(await validator().compile(false as unknown as JsonObject)).toEqual({
      reason: 'the schema is false, not an object',
    });
  });
});

describe('in the worker', () => {
  test('two patterns of one schema are told apart, whatever their text', async () => {
    const check = await checkOf(validator(), { properties: { a: { pattern: '^a$' }, b: { pattern: '^b$' } } });
    expect(await check({ a: 'a', b: 'b' })).toBeUndefined();
    expect(await check({ a: 'b', b: 'b' })).toHaveLength(1);
    expect(await check({ a: 'a', b: 'a' })).toHaveLength(1);
  });

  test.each([
    ['^(a+)+$', 'aa', `${'a'.repeat(20_000)}!`],
    ['^(?=a)a+$', 'aa', 'b'],
    ['^(a)\\1$', 'aa', 'ab'],
    ['^\\p{Lu}+$', 'ÄÖ', 'ä'],
    ['^[\\w\\-\\.]+\\@x$', 'a-b.c@x', 'a b@x'],
    ['^\\u0041$', 'A', 'B'],
    ['^a{1,5000}$', 'aa', 'b'],
  ])('the pattern %s is understood', async (pattern, good, bad) => {
    const check = await checkOf(validator(), { pattern });
    expect(await check(good)).toBeUndefined();
    expect(await check(bad)).toHaveLength(1);
  });

  test('a pattern that is none is refused', async () => {
    expect(await validator().compile({ pattern: '(' })).toEqual({
      reason: expect.stringContaining('cannot be compiled'),
    });
  });

  test('what takes too long is stopped, refused from then on, and holds up nobody else', async () => {
    const engine = validator();
    const slow = await checkOf(engine, SLOW);
    const good = await checkOf(engine, { pattern: '^good$' });
    const began = performance.now();
    const [stopped, queued, fine] = await Promise.all([slow(EVIL), slow({ a: 'a' }), good('good')]);
    const told = [{ path: '', message: `could not be checked: took longer than ${WATCHDOG_MS} ms` }];
    expect(performance.now() - began).toBeGreaterThanOrEqual(WATCHDOG_MS - 5);
    expect(stopped).toEqual(told);
    expect(queued).toEqual(told);
    expect(fine).toBeUndefined();
    expect(await good('bad')).toHaveLength(1);
    expect(await slow({ a: 'a' })).toEqual(told);
    expect(await engine.compile({ ...SLOW })).toEqual({ reason: expect.stringContaining('took longer than') });
  });

  test('a value that is too deep for JSON is told', async () => {
    const check = await checkOf(validator(), { properties: { a: { $ref: '#' } } });
    let deep: unknown = {};
    for (let level = 0; level < 100_000; level += 1) deep = { a: deep };
    expect(await check(deep)).toEqual([{ path: '', message: expect.stringContaining('could not be checked') }]);
    expect(await check({ a: { a: {} } })).toBeUndefined();
  });

  test('closing answers those who wait, and those who come later', async () => {
    const engine = validator();
    const slow = await checkOf(engine, SLOW);
    const waiting = slow(EVIL);
    await engine.close();
    const told = [{ path: '', message: 'could not be checked: the validator is closed' }];
    expect(await waiting).toEqual(told);
    expect(await slow({ a: 'a' })).toEqual(told);
  });
});
