/** Programs that try to get out of the sandbox, or to put something into what is outside. After each, the next one runs. */
import { afterEach, describe, expect, test } from 'vitest';
import { ToolwayError } from '../../src/errors.ts';
import { listed, runCode, text } from '../fixtures/llm/code.ts';

const HOST = `[typeof process, typeof require, typeof fetch, typeof Buffer, typeof setTimeout].join()`;
const NOTHING = 'undefined,undefined,undefined,undefined,undefined';

const tools = {
  'a.b': () => text('', { content: [], structuredContent: { list: [{ deep: 1 }] } }),
  'a.throws': () => {
    throw new Error('ENOENT: /home/someone/secret');
  },
  'a.denied': () => {
    throw new ToolwayError('denied', 'not allowed', { executed: 'no' });
  },
};

afterEach(async () => {
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect((await runCode('return ({}).polluted ?? 6 * 7')).said).toBe('42');
});

describe('no constructor leads outside', () => {
  test.each([
    ['a tool', 'tools.a.b'],
    ['the raw form of a tool', 'tools.a.b.raw'],
    ['console.log', 'console.log'],
    ['an async function', '(async () => {})'],
    ['a generator', '(function* () {})'],
    ['an async generator', '(async function* () {})'],
    ['the promise of a call', 'tools.a.b({}).constructor'],
    ['then of the promise of a call', 'tools.a.b({}).then'],
    ['a result', '(await tools.a.b({})).constructor'],
    ['a member of a result', '(await tools.a.b({})).list.map'],
    ['an error of a tool', 'await tools.a.throws({}).catch((error) => error.constructor)'],
    ['a refusal', 'await tools.a.denied({}).catch((error) => error.toString)'],
    ['an error class', 'OutcomeUnknownError'],
    ['the getter of __proto__', `Object.getOwnPropertyDescriptor(Object.prototype, '__proto__').get`],
    ['a bound function', 'tools.a.b.bind(null)'],
    ['a proxy of a tool', 'new Proxy(tools.a.b, {})'],
    ['Symbol.species', 'Object.getOwnPropertyDescriptor(Promise, Symbol.species).get'],
  ])('of %s', async (_title, from) => {
    const code = `const made = (${from}).constructor('return ${HOST}')(); const seen = made?.next ? (await made.next()).value : await made; return seen`;
    expect((await runCode(code, tools)).said).toContain(NOTHING);
  });
});

describe('nothing of the host is there', () => {
  test.each([
    ['behind the end of its function', `});(() => { return ${HOST}`],
    ['in this', `return (function () { return ${HOST.replaceAll('typeof ', 'typeof this.')} })()`],
    ['in an indirect eval', `return (0, eval)('${HOST}')`],
    ['in a new Function', `return new Function('return ${HOST}')()`],
    ['in eval within a function', `return eval('${HOST}')`],
    ['in what calls back', `return [1].map(() => ${HOST})[0]`],
    ['in a reviver of JSON', `return JSON.parse('{"a":1}', function () { return ${HOST} })`],
    ['in a replacer of text', `return 'x'.replace('x', () => ${HOST})`],
    ['in a comparison', `let seen; [1, 2].sort(() => { seen = ${HOST}; return 0 }); return seen`],
  ])('%s', async (_title, code) => {
    expect((await runCode(code)).said).toContain(NOTHING);
  });

  test.each([
    'SharedArrayBuffer',
    'Atomics',
    'WebAssembly',
    'WeakRef',
    'FinalizationRegistry',
    'queueMicrotask',
    'performance',
    'std',
    'os',
    'bjson',
    'print',
    'load',
    'Worker',
    'XMLHttpRequest',
    'WebSocket',
    'structuredClone',
    'DOMException',
  ])('no %s', async (name) => {
    expect((await runCode(`return typeof ${name} + typeof globalThis['${name}']`)).said).toBe('undefinedundefined');
  });

  test('the globals are these, and no others', async () => {
    const { said } = await runCode('return Reflect.ownKeys(globalThis).map(String).sort().join(" ")');
    expect(said).toBe(
      'AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date DeniedError Error EvalError Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array InternalError Iterator JSON LimitError Map Math NaN Number Object OutcomeUnknownError Promise Proxy RangeError ReferenceError Reflect RegExp Set String Symbol Symbol(Symbol.toStringTag) SyntaxError ToolError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakSet console decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt tools undefined unescape',
    );
  });

  test.each(['fs', 'node:fs', 'data:text/javascript,export default 1', './x.js', 'quickjs-wasi', 'file:///etc/passwd'])(
    'import(%j) finds nothing',
    async (name) => {
      const { said } = await runCode(`return import(${JSON.stringify(name)}).then(() => 'loaded', () => 'nothing')`);
      expect(said).toBe('nothing');
    },
  );
  test.each(['import fs from "fs"', 'return import.meta', 'export const a = 1', '} globalThis.polluted = 1; {'])(
    '%s is no program',
    async (code) => {
      expect((await runCode(code)).said).toMatch(/^The program failed\. SyntaxError/);
    },
  );
});

describe('what is told of failures', () => {
  test('has no path of the host', async () => {
    const code = `let seen = ''; const note = (error) => { seen += [error, error.message, error.stack, error.cause, JSON.stringify(error)].join() };
      await tools.a.throws({}).catch(note); await tools.a.denied({}).catch(note);
      try { null.x } catch (error) { note(error) } try { eval('(') } catch (error) { note(error) }
      note(await import('fs').catch((error) => error)); return seen`;
    const { said } = await runCode(code, tools);
    expect(said).toContain('the call failed');
    expect(said).not.toMatch(/home|secret|file:|node_modules|\.ts\b|\.js\b|toolway/);
  });
  test('has no function of the host, however its frames are asked for', async () => {
    const code = `Error.prepareStackTrace = (_error, frames) => frames; Error.stackTraceLimit = 100;
      const frames = new Error().stack; if (!Array.isArray(frames)) return 'no frames';
      return frames.map((frame) => [frame.getFileName?.(), typeof frame.getThis?.()].join()).join(' ')`;
    expect((await runCode(code)).said).not.toMatch(/home|work|file:|node_modules|\.ts\b/);
  });
  test("has no function in its frames: with that of the engine's own, answers could be made up", async () => {
    const code = `let frames; Error.prepareStackTrace = (_error, given) => { frames = given };
      class Own extends Error { static prepareStackTrace(_error, given) { frames = given } }
      for (const make of [() => new Error().stack, () => new Own().stack, () => null.x, () => Error.captureStackTrace({}), () => Own.captureStackTrace({})]) try { make() } catch (error) { error.stack }
      if (!Array.isArray(frames)) return 'no frames';
      const turn = frames.map((frame) => frame.getFunction?.()).find((one) => one?.name === 'turn');
      const answer = tools.a.b({}); turn('[[1,1,"made up"]]'); return answer`;
    expect((await runCode(code, tools)).said).toBe('no frames');
  });
  test.each([
    'null',
    'undefined',
    'Symbol()',
    '5n',
    '{ get message() { throw 1 } }',
    'new Proxy({}, { get() { throw 1 } })',
  ])('throwing %s is a failure as any other', async (thrown) => {
    expect((await runCode(`throw (${thrown})`)).isError).toBe(true);
  });
});

describe('what crosses the border is JSON', () => {
  test('a __proto__ in arguments is nothing but a name', async () => {
    const code = `await tools.a.b(JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')); return 1`;
    const { calls } = await runCode(code, tools);
    expect(JSON.stringify(calls[0]?.args)).toBe(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    );
  });
  test('a __proto__ in a result is nothing but a name', async () => {
    const hostile = JSON.parse('{"__proto__":{"polluted":1}}');
    const { said } = await runCode(
      'const r = await tools.x.y({}); return [({}).polluted, r.polluted, Object.keys(r)]',
      {
        'x.y': () => ({ content: [], structuredContent: hostile }),
      },
    );
    expect(said).toBe('[null,null,["__proto__"]]');
  });
  test('getters and toJSON of arguments run inside', async () => {
    const code = `const order = []; await tools.a.b({ get a() { order.push('get'); return ${HOST} }, b: { toJSON() { return 'json' } } }); return order`;
    const { calls } = await runCode(code, tools);
    expect(calls[0]?.args).toEqual({ a: NOTHING, b: 'json' });
  });
  test.each([
    '"text"',
    '5',
    'null',
    '[1]',
    '() => 1',
    '{ toJSON: () => "text" }',
    '{ toJSON: () => [1] }',
    '{ toJSON() {} }',
    '{ n: 1n }',
  ])('arguments that are %s are no call', async (args) => {
    const { said, calls } = await runCode(`return tools.a.b(${args}).catch((error) => error.name)`, tools);
    expect([said, calls]).toEqual(['TypeError', []]);
  });
  test('a proxy as arguments is read inside', async () => {
    const code = `await tools.a.b(new Proxy({}, { ownKeys: () => ['k'], getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }), get: () => 7 })); return 1`;
    expect((await runCode(code, tools)).calls[0]?.args).toEqual({ k: 7 });
  });
  test('arguments may be nested as deep as they are: the host takes no harm', async () => {
    const code = `let a = {}; for (let i = 0; i < 1000; i++) a = { a }; await tools.a.b(a); return 'called'`;
    expect((await runCode(code, tools)).said).toBe('called');
  });
  test('what a program does to a result stays inside', async () => {
    const own = { list: [1] };
    await runCode('const r = await tools.x.y({}); r.list.push(2); r.more = 1; return r', {
      'x.y': () => ({ content: [], structuredContent: own }),
    });
    expect(own).toEqual({ list: [1] });
  });
  test('texts come back as they went', async () => {
    const odd = 'a\0b\ud800c\u2028d\u202e😀';
    const { said } = await runCode('return (await tools.x.echo({ odd: `a\\0b\\ud800c\\u2028d\\u202e😀` }))', {
      'x.echo': ({ odd: got }) => (got === odd ? text(String(got)) : text('changed on the way')),
    });
    expect(said).toBe(odd);
  });
  test.each([
    ['a thenable', 'return { then(take) { take(5) } }', '5'],
    ['a getter', 'return { get a() { return 5 } }', '{"a":5}'],
    ['toJSON', 'return { toJSON: () => 5 }', '5'],
    ['a proxy', 'return new Proxy([1], {})', '[1]'],
    ['a promise of a promise', 'return (async () => (async () => 5)())()', '5'],
  ])('%s as the result is what it gives', async (_title, code, expected) => {
    expect((await runCode(code)).said).toBe(expected);
  });
  test.each([
    'Symbol()',
    '() => 1',
    '5n',
    '(() => { const a = []; a.push(a); return a })()',
    '{ toJSON() { throw 1 } }',
  ])('%s as the result is a failure that says so', async (value) => {
    expect((await runCode(`return ${value}`)).said).toMatch(/^The program failed\./);
  });
});

describe('a program that changes the language changes it for itself', () => {
  test.each([
    `Object.prototype.then = function (take) { take(1) }; delete Object.prototype.then`,
    `Object.prototype.toJSON = function () { return 'x' }; delete Object.prototype.toJSON`,
    `Object.prototype.polluted = 1; delete Object.prototype.polluted`,
    `Object.defineProperty(Array.prototype, '0', { set() { throw 1 }, configurable: true })`,
    `Object.defineProperty(Object.prototype, 'value', { get() { throw 1 }, set() {}, configurable: true })`,
    `Object.defineProperty(Object.prototype, 'get', { value: () => 1, configurable: true })`,
    `Array.prototype[Symbol.iterator] = () => { throw 1 }`,
    `Array.prototype.push = Array.prototype.map = () => { throw 1 }`,
    `JSON.parse = JSON.stringify = () => '"x"'`,
    `globalThis.Promise = class {}`,
    `Reflect.apply = () => { throw 1 }`,
    `String.prototype.slice = String.prototype.concat = () => { throw 1 }`,
    `Function.prototype.call = Function.prototype.apply = () => { throw 1 }`,
    `Error.prototype.constructor = class {}; globalThis.Error = 5`,
    `Object.freeze(Object.prototype); Object.freeze(Array.prototype)`,
    `delete globalThis.JSON; delete globalThis.Object`,
    `globalThis.undefined = 1`,
    `Proxy.prototype = Object.prototype`,
  ])('%s', async (code) => {
    const { said, calls } = await runCode(
      `try { ${code} } catch {} const r = await tools.a.b({ n: 1 }); return r.list[0].deep + 41`,
      tools,
    );
    expect([said, calls.length]).toEqual(['42', 1]);
  });

  test('the tools are as they are', async () => {
    const code = `'use strict'; const tried = [];
      for (const change of [() => { tools.a = 1 }, () => { tools.a.b = 1 }, () => { tools.a.b.raw = 1 }, () => { delete tools.a.b }, () => { tools.a.b.x = 1 },
        () => Object.defineProperty(tools.a, 'b', { value: 1 }), () => Object.setPrototypeOf(tools.a, {}), () => { console.log = 1 }]) {
        try { change(); tried.push('changed') } catch (error) { tried.push(error.name) } }
      return tried.join(' ')`;
    expect((await runCode(code, tools)).said).toBe(Array(8).fill('TypeError').join(' '));
  });
  test('a tool has no more than its name and its raw form, and its server no more than its tools', async () => {
    const code = `return [Object.keys(tools), Object.keys(tools.a), Reflect.ownKeys(tools.a.b), Object.getPrototypeOf(tools.a), tools.a instanceof Object]`;
    expect((await runCode(code, tools)).said).toBe(
      '[["a"],["b","throws","denied"],["length","name","raw"],null,false]',
    );
  });
  test('names of tools are names, whatever else they mean', async () => {
    const names = [
      's.__proto__',
      's.constructor',
      's.toString',
      's.then',
      '__proto__.x',
      'raw.raw',
      `s.it's "so"`,
      's.a-b',
      's.日本',
    ];
    const hostile = Object.fromEntries(names.map((name) => [name, () => text(name)]));
    // A literal would set the prototype.
    const code = `const said = []; for (const server of Object.keys(tools)) for (const tool of Object.keys(tools[server])) said.push(await tools[server][tool]({})); return said`;
    const { said } = await runCode(code, hostile, { list: names.map((name) => listed(name)) });
    expect(JSON.parse(said).sort()).toEqual([...names].sort());
  });
  test('a name that is none says so', async () => {
    expect((await runCode('return tools.a.c({})', tools)).said).toContain('there is no tool a.c');
    expect((await runCode('return tools.c.a({})', tools)).said).toContain('there is no server c');
  });
});
