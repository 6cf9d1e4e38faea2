import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ErrorFacts, ToolwayError } from './errors.ts';

describe('an error', () => {
  test('says where it happened before it says what', () => {
    expect(new ToolwayError('timeout', 'no answer').message).toBe('no answer');
    expect(new ToolwayError('timeout', 'no answer', { server: 'files' }).message).toBe('files: no answer');
    expect(new ToolwayError('timeout', 'no answer', { server: 'files', tool: 'read' }).message).toBe(
      'files.read: no answer',
    );
  });

  test('is an Error with a name, a stack and a cause', () => {
    const cause = new Error('socket hang up');
    const error = new ToolwayError('connect_failed', 'refused', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('ToolwayError');
    expect(String(error)).toBe('ToolwayError: refused');
    expect(error.stack).toContain('errors.test.ts');
    expect(error.cause).toBe(cause);
    expect(Object.keys(error)).not.toContain('cause');
  });

  test('has no cause where none was given', () => {
    expect('cause' in new ToolwayError('closed', 'x')).toBe(false);
  });

  test('carries its facts as properties that cannot be changed, and lacks the others', () => {
    const error = new ToolwayError('server_exited', 'died', { exitCode: 3, stderr: 'no such file', status: undefined });
    expect(error).toMatchObject({ code: 'server_exited', exitCode: 3, stderr: 'no such file' });
    expect('status' in error || 'limit' in error).toBe(false);
    expect(() => Object.assign(error, { exitCode: 4 })).toThrow(TypeError);
  });
});

describe('mapped', () => {
  test('says the same in other words, of the same server and tool', () => {
    const error = new ToolwayError('server_error', 'it said x', { server: 'a', tool: 't', data: 'x', cause: 'x' });
    const mapped = error.mapped(
      (part) => (typeof part === 'string' ? part.replace('x', 'y') : { ...part, data: 'y' }) as never,
    );
    expect(mapped).toMatchObject({ code: 'server_error', message: 'a.t: it said y', data: 'y', cause: 'x' });
  });

  test('is the same error where nothing is changed', () => {
    const error = new ToolwayError('closed', 'x', { server: 'a' });
    expect(error.mapped((part) => part)).toBe(error);
  });
});

describe('with', () => {
  test('adds facts and tells of them in the message', () => {
    const first = new ToolwayError('timeout', 'no answer', { limit: 5 });
    const second = first.with({ server: 'files', tool: 'read', executed: 'unknown' });
    expect(second.message).toBe('files.read: no answer');
    expect(second).toMatchObject({ code: 'timeout', limit: 5, server: 'files', tool: 'read', executed: 'unknown' });
    expect(first.message).toBe('no answer');
  });

  test('keeps what is known already: who is nearest to the failure knows best', () => {
    const error = new ToolwayError('closed', 'x', { server: 'a', executed: 'no', cause: 'first' });
    expect(error.with({ server: 'b', executed: 'unknown', cause: 'second', status: 500 })).toMatchObject({
      server: 'a',
      executed: 'no',
      cause: 'first',
      status: 500,
    });
  });

  test('a fact that was given as undefined is not known', () => {
    const error = new ToolwayError('closed', 'x', { server: undefined }).with({ server: 'a' });
    expect(error).toMatchObject({ server: 'a', message: 'a: x' });
  });

  test('is the same error where nothing is new', () => {
    const error = new ToolwayError('closed', 'x', { server: 'a' });
    expect(error.with({})).toBe(error);
    expect(error.with({ server: 'b', tool: undefined })).toBe(error);
  });

  test('twice is as good as once with both', () => {
    const facts = fc.record<ErrorFacts>(
      { server: fc.string(), tool: fc.string(), limit: fc.nat(), executed: fc.constantFrom('no', 'yes', 'unknown') },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(facts, facts, facts, (own, first, second) => {
        const error = new ToolwayError('timeout', 'x', own);
        const once = error.with({ ...second, ...first });
        const twice = error.with(first).with(second);
        expect(twice.toJSON()).toEqual(once.toJSON());
        expect(twice.message).toBe(once.message);
      }),
    );
  });
});

describe('from', () => {
  test('leaves an error of ours what it is', () => {
    const error = new ToolwayError('denied', 'no', { server: 'a' });
    expect(ToolwayError.from(error)).toBe(error);
    expect(ToolwayError.from(error, { tool: 't' })).toMatchObject({ code: 'denied', server: 'a', tool: 't' });
  });

  test('makes of any other one internal, with the original as its cause', () => {
    const cause = new TypeError('x is not a function');
    const error = ToolwayError.from(cause, { server: 'a', cause: 'another' });
    expect(error).toMatchObject({ code: 'internal', message: 'a: x is not a function', server: 'a' });
    expect(error.cause).toBe(cause);
  });

  test.each([
    ['text', 'boom', 'boom'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an error without words', new RangeError(), 'RangeError'],
    ['an object without a prototype', Object.create(null), 'something was thrown that cannot be shown'],
    [
      'an object that throws in turn',
      {
        toString() {
          throw new Error('no');
        },
      },
      'something was thrown that cannot be shown',
    ],
  ])('%s that was thrown does not throw again', (_, thrown, message) => {
    expect(ToolwayError.from(thrown)).toMatchObject({ code: 'internal', message });
  });
});

describe('as JSON', () => {
  test('has code, message and facts, and not the cause', () => {
    const error = new ToolwayError('server_error', 'bad', {
      server: 'a',
      rpcCode: -1,
      data: { x: [1] },
      cause: new Error('y'),
    });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'server_error',
      message: 'a: bad',
      server: 'a',
      rpcCode: -1,
      data: { x: [1] },
    });
  });

  test('survives a cause that is no JSON', () => {
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    expect(JSON.stringify(new ToolwayError('internal', 'x', { cause: cyclic }))).toBe(
      '{"code":"internal","message":"x"}',
    );
  });
});
