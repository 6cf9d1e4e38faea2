/** What a program may take, and what becomes of one that takes more. After each, the host is alive and the next one runs. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, test } from 'vitest';
import { createSandbox } from '../../src/llm/code/inline-sandbox.ts';
import { runCode, text } from '../fixtures/llm/code.ts';

const inline = createSandbox({
  wasm: readFileSync(createRequire(import.meta.url).resolve('quickjs-wasi/quickjs.wasm')),
});
const SHORT = { limits: { timeoutMs: 250 } };
const echo = { 'a.b': ({ n }: Record<string, unknown>) => text(String(n)) };

afterEach(async () => {
  expect((await runCode('return 6 * 7')).said).toBe('42');
});

const LOOPS: [title: string, code: string][] = [
  ['a loop', 'for (;;) {}'],
  ['a loop after a wait', 'await 0; for (;;) {}'],
  ['a loop after a call', 'await tools.a.b({}); for (;;) {}'],
  ['a loop whose end is caught', 'for (;;) { try { for (;;) {} } catch {} }'],
  ['a loop in catch', 'try { throw 1 } catch { for (;;) {} }'],
  ['a loop in finally', 'try { return 1 } finally { for (;;) {} }'],
  ['a loop in what awaits is caught', 'try { await 0; for (;;) {} } catch { return "caught" } finally { for (;;) {} }'],
  ['a loop in a getter of the result', 'return { get a() { for (;;) {} } }'],
  ['a loop in toJSON of the result', 'return { toJSON() { for (;;) {} } }'],
  ['a loop in toJSON of arguments', 'await tools.a.b({ toJSON() { for (;;) {} } })'],
  ['a loop in a getter of an error', 'throw { get message() { for (;;) {} } }'],
  ['a loop in what is logged', 'console.log({ toString() { for (;;) {} }, toJSON() { for (;;) {} } })'],
  ['a loop in then', 'return { then() { for (;;) {} } }'],
  ['a loop in a proxy', 'return new Proxy({}, { ownKeys() { for (;;) {} } })'],
  ['a regular expression that backtracks', 'return /^(a+)+$/.test("a".repeat(40) + "b")'],
  ['a comparison that does not end', '[3, 2, 1].sort(() => { for (;;) {} })'],
  ['a generator without end', 'for (const n of (function* () { for (;;) yield 1 })()) n'],
  ['promises that make promises', 'const again = () => Promise.resolve().then(again); await again()'],
  ['an await in a loop', 'for (;;) await 0'],
  ['code that is made', 'eval("for(;;){}")'],
];
const BOMBS: [title: string, code: string][] = [
  ['texts', 'const all = []; for (;;) all.push("x".repeat(1 << 18) + all.length)'],
  ['a text that doubles', 'let s = "x"; for (;;) s += s'],
  ['a text that is repeated', 'return "x".repeat(2 ** 30).length + "y".repeat(2 ** 29).length'],
  ['lists', 'const all = []; for (;;) all.push([all.length])'],
  ['one long list', 'return new Array(3e7).fill(0).length'],
  ['typed arrays', 'const all = []; for (;;) all.push(new Uint8Array(1 << 20))'],
  ['a buffer that grows', 'new ArrayBuffer(1, { maxByteLength: 2 ** 30 }).resize(2 ** 30)'],
  ['a map', 'const all = new Map(); for (let i = 0; ; i++) all.set(i, { i })'],
  ['closures', 'let f = () => 1; for (;;) { const g = f; f = () => g }'],
  ['bound functions', 'let f = () => 1; for (;;) f = f.bind(null)'],
  ['promises', 'const all = []; for (;;) all.push(new Promise(() => {}))'],
  ['a number', 'let n = 3n; for (;;) n *= n'],
  ['arguments', 'const n = "x".repeat(2 ** 22); for (let i = 0; i < 100; i++) await tools.a.b({ n: n + i })'],
  [
    'arguments that nobody waits for',
    'const n = "x".repeat(2 ** 20); for (;;) void tools.a.b({ n: n + 1 }).catch(() => {})',
  ],
  ['an object of many names', 'const o = {}; for (let i = 0; ; i++) o["k" + i] = i'],
];
const DEPTHS: [title: string, code: string][] = [
  ['a function that calls itself', 'const f = () => f() + 1; f()'],
  ['toString that calls itself', 'const o = { toString() { return "" + o } }; "" + o'],
  ['a comparison that sorts', 'const f = () => [1, 2].sort(() => f()); f()'],
  ['a text of brackets as JSON', 'JSON.parse("[".repeat(200000))'],
  ['a text of brackets as code', 'eval("(".repeat(100000) + ")".repeat(100000))'],
  ['a list in lists as JSON', 'let a = []; for (let i = 0; i < 100000; i++) a = [a]; JSON.stringify(a)'],
  ['a proxy of proxies', 'let p = {}; for (let i = 0; i < 50000; i++) p = new Proxy(p, {}); p.x'],
  ['an expression of groups', 'new RegExp("(?:".repeat(50000) + ")".repeat(50000))'],
];

describe('a program that does not end is ended', () => {
  test.each(LOOPS)('%s', async (_title, code) => {
    const { said } = await runCode(code, echo, SHORT);
    expect(said).toContain('The program was stopped: it may take 0.25 s.');
  });
  test.each(LOOPS.slice(0, 4))('%s, in the calling thread', async (_title, code) => {
    const { said } = await runCode(code, echo, { ...SHORT, sandbox: inline });
    expect(said).toContain('The program was stopped: it may take 0.25 s.');
  });
  test('one long operation of the engine, with its thread', async () => {
    const code = 'return new Array(1e9).join("").length + "" + [].concat(new Array(4e8)).indexOf(1)';
    const { said } = await runCode(code, {}, { limits: { timeoutMs: 100 } });
    expect(said).toContain('The program was stopped: it may take 0.1 s.');
  });
  test('what it logged before is told', async () => {
    const { said } = await runCode('console.log("here"); for (;;) {}', {}, SHORT);
    expect(said).toContain('Log:\nhere');
  });
});

describe('a program that takes too much memory is ended, or told', () => {
  test.each(BOMBS)('%s', async (_title, code) => {
    const before = process.memoryUsage().rss;
    const { said } = await runCode(code, echo, { limits: { timeoutMs: 5_000 } });
    expect(said).toMatch(/memory|too large|too long|invalid|may take|Not made/);
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });
  test('less memory may be given', async () => {
    const code = 'const all = []; try { for (;;) all.push(new Uint8Array(1 << 20)) } catch { return all.length }';
    const { said } = await runCode(code, {}, { limits: { maxMemoryBytes: 20 * 1024 * 1024 } });
    expect(Number(said)).toBeLessThan(20);
  });
});

describe('a program that goes too deep is told', () => {
  test.each(DEPTHS)('%s', async (_title, code) => {
    const { said } = await runCode(`try { ${code} } catch (error) { return error.name } return 'no error'`);
    expect(said).toMatch(/^(RangeError|SyntaxError)$/);
  });
  test.each(DEPTHS)('%s, in the calling thread', async (_title, code) => {
    const { isError } = await runCode(`${code}; throw new Error('no error')`, {}, { sandbox: inline });
    expect(isError).toBe(true);
  });
});

describe('calls', () => {
  test('no more than the limit; the one beyond is a LimitError', async () => {
    const code = `let made = 0; try { for (;;) { await tools.a.b({}); made += 1 } } catch (error) { return [made, error.name, error.executed] }`;
    const { said, calls } = await runCode(code, echo, { limits: { maxCalls: 20 } });
    expect([said, calls.length]).toEqual(['[20,"LimitError","no"]', 20]);
  });
  test('a million at once are no burden', async () => {
    const code = `const all = []; for (let i = 0; i < 1e6; i++) tools.a.b({}).catch(() => {}); return 'alive'`;
    expect((await runCode(code, echo)).calls.length).toBeLessThanOrEqual(1_000);
  });
  test('as many as may be under way are, and the others wait for their turn', async () => {
    let flying = 0;
    let most = 0;
    const slow = async () => {
      flying += 1;
      most = Math.max(most, flying);
      await new Promise((done) => setTimeout(done, 2));
      flying -= 1;
      return text('done');
    };
    const code = 'return (await Promise.all(Array.from({ length: 100 }, () => tools.a.slow({})))).length';
    const { said, calls } = await runCode(code, { 'a.slow': slow });
    expect([said, calls.length, most]).toEqual(['100', 100, 16]);
  });
  test('a result that is too large is a LimitError, and the call is done', async () => {
    const code = 'return tools.a.big({}).catch((error) => [error.name, error.executed])';
    const { said } = await runCode(code, { 'a.big': () => text('x'.repeat(5_000_000)) });
    expect(said).toBe('["LimitError","yes"]');
  });
  test('results that come together are handed over in portions: sixteen of the largest end no program', async () => {
    const big = 'é日'.repeat(2 * 1024 * 1024 - 50);
    const code = `const seen = []; await Promise.all(Array.from({ length: 16 }, () => tools.a.big({}).then((one) => { seen.push(one.length) }))); return seen`;
    expect((await runCode(code, { 'a.big': () => text(big) })).said).toBe(JSON.stringify(Array(16).fill(big.length)));
  }, 60_000);
  test('no further ones are made while a program computes and takes no answers', async () => {
    const code = `const first = tools.a.quick({}), all = Array.from({ length: 200 }, () => tools.a.b({})); await first; const end = Date.now() + 400; while (Date.now() < end); return all.length`;
    const { said, calls } = await runCode(code, { ...echo, 'a.quick': () => text('') }, { limits: { maxInFlight: 4 } });
    expect(said).toMatch(/^200\n/);
    expect(calls.length).toBeLessThan(20);
  });
  test('arguments that wait are bounded as well: the host holds them', async () => {
    const code = `const said = []; const n = 'x'.repeat(3 << 20);
      for (let i = 0; i < 8; i++) { void tools.a.forever({ n }).catch((error) => said.push(error.name)); await tools.a.quick({}) } return said`;
    const forever = (_args: unknown, signal?: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('over'))));
    const { said, calls } = await runCode(code, { 'a.forever': forever, 'a.quick': () => text('') });
    expect(said).toMatch(/^\["LimitError","LimitError","LimitError"\]/);
    expect(calls.filter(({ name }) => name === 'a.forever')).toHaveLength(5);
  }, 15_000);
  test('arguments that are too long are a LimitError, and no call', async () => {
    const code = 'return tools.a.b({ n: "x".repeat(5e6) }).catch((error) => [error.name, error.executed])';
    const { said, calls } = await runCode(code, echo);
    expect([said, calls]).toEqual(['["LimitError","no"]', []]);
  });
});

describe('what comes back', () => {
  test('a program that is too long is not run', async () => {
    const { said, isError } = await runCode(`return 1 //${'é'.repeat(40_000)}`);
    expect([said, isError]).toEqual(['The program has 80011 bytes; it may have 65536. It was not run.', true]);
  });
  test('a result that is too long is cut, and says so', async () => {
    const { said } = await runCode('return "x".repeat(1e6)', {}, { limits: { maxOutputChars: 1_000 } });
    expect(said).toBe(`${'x'.repeat(1_000)}…\n(cut: 1000 of 1000000 characters. Return less.)`);
  });
  test('the largest result that fits in memory does no harm', async () => {
    expect((await runCode('return "x".repeat(1.5e7)')).said.length).toBeLessThan(70_000);
    expect((await runCode('return Array(1e6).fill(1)')).said.length).toBeLessThan(70_000);
  });
  test('a log that is too long is cut, and says so', async () => {
    const { said } = await runCode(
      'for (let i = 0; i < 1e4; i++) console.log("line", i); return "end"',
      {},
      {
        limits: { maxOutputChars: 100 },
      },
    );
    expect(said).toMatch(/^end\nLog:\nline 0\nline 1\n/);
    expect(said).toContain('The log was longer: the rest of it is lost.');
    expect(said.length).toBeLessThan(250);
  });
});
