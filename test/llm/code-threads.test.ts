/** The threads of programs: how many there are, and that none outlives its program, whatever ends it. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ToolwayError } from '../../src/errors.ts';
import { createSandbox } from '../../src/llm/code/inline-sandbox.ts';
import { createCodeSandbox } from '../../src/node/code-sandbox.ts';
import { runCode, sandbox, text } from '../fixtures/llm/code.ts';

const forever = (_args: unknown, signal?: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new ToolwayError('cancelled', 'over', { executed: 'unknown' })));
  });
const tools = { 'a.forever': forever, 'a.quick': () => text('') };
const enough = new ToolwayError('cancelled', 'enough');

const threads = new Set<Worker>();
let most = 0;
const count = (worker: Worker): void => {
  if (!worker.threadId) return;
  threads.add(worker);
  most = Math.max(most, threads.size);
  worker.once('exit', () => threads.delete(worker));
};
const watched = (): void => {
  beforeEach(() => {
    most = 0;
    process.on('worker', count);
  });
  afterEach(async () => {
    await expect.poll(() => threads.size).toBe(0);
    process.off('worker', count);
  });
};

describe('programs at a time', () => {
  watched();
  test.each(['await tools.a.forever({})', 'for (;;) {}'])(
    'are as many as the limit says, each further one is not run: %s',
    async (code) => {
      const own = createCodeSandbox({ maxPrograms: 3 });
      const controllers = Array.from({ length: 200 }, () => new AbortController());
      const all = controllers.map(({ signal }) =>
        runCode(code, tools, { sandbox: own, signal }).then(
          () => 'ran',
          (error: ToolwayError) => `${error.code} ${error.executed} ${error.limit}`,
        ),
      );
      const refused = Promise.all(all.slice(3));
      expect(new Set(await refused)).toEqual(new Set(['backpressure no 3']));
      await expect.poll(() => threads.size).toBe(3);
      for (const controller of controllers) controller.abort(enough);
      expect(new Set(await Promise.all(all.slice(0, 3)))).toEqual(new Set(['cancelled undefined undefined']));
      await expect.poll(() => threads.size).toBe(0);
      expect(most).toBe(3);
      expect((await runCode('return 1', {}, { sandbox: own })).said).toBe('1');
    },
  );
  test('have a place again, however they ended', async () => {
    const own = createCodeSandbox({ maxPrograms: 1 });
    const ends = ['return 1', 'throw 1', 'for (;;) {}', 'await new Promise(() => {})', 'await tools.a.forever({})'];
    for (const code of ends) {
      const run = () => runCode(code, tools, { sandbox: own, limits: { timeoutMs: 200 } });
      await expect.poll(run, { timeout: 10_000 }).toMatchObject({ said: expect.any(String) });
    }
    expect(most).toBe(1);
  }, 30_000);
  test('are limited in the calling thread as well', async () => {
    const own = createSandbox({ wasm: () => Promise.reject(new Error('no engine')), maxPrograms: 1 });
    const both = ['return 1', 'return 2'].map((code) => runCode(code, {}, { sandbox: own }));
    await expect(both[1]).rejects.toMatchObject({ code: 'backpressure', executed: 'no', limit: 1 });
    expect((await both[0])?.said).toContain('no engine');
    expect((await runCode('return 1', {}, { sandbox: own })).said).toContain('no engine');
  });
  test.each([0, -1, 1.5, Number.NaN, '4'])('%j is no number of programs', (maxPrograms) => {
    const wrong = expect.objectContaining({ code: 'invalid_arguments', problems: [expect.anything()] });
    expect(() => createCodeSandbox({ maxPrograms: maxPrograms as number })).toThrow(wrong);
    expect(() => createSandbox({ wasm: new Uint8Array(), maxPrograms: maxPrograms as number })).toThrow(wrong);
  });
});

describe('a thread ends with its program', () => {
  watched();
  const WAITS = 'await tools.a.quick({}); await tools.a.forever({})';
  test.each<[string, string, (abort: () => void) => void]>([
    ['before it began', WAITS, (abort) => abort()],
    ['in the same moment', WAITS, (abort) => queueMicrotask(abort)],
    ['while the thread begins', WAITS, (abort) => setImmediate(abort)],
    ['while the engine is loaded', WAITS, (abort) => setTimeout(abort, 15)],
    ['while it waits', WAITS, (abort) => setTimeout(abort, 250)],
    ['while it computes', 'for (;;) {}', (abort) => setTimeout(abort, 250)],
    ['within one long operation', 'new Array(1e9).join("")', (abort) => setTimeout(abort, 250)],
  ])('that is aborted %s', async (_when, code, later) => {
    const controller = new AbortController();
    const ran = runCode(code, tools, { signal: controller.signal });
    later(() => controller.abort(enough));
    await expect(ran).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(() => threads.size).toBe(0);
  });
  test('that ended long before it was aborted', async () => {
    const controller = new AbortController();
    expect((await runCode('return 1', tools, { signal: controller.signal })).said).toBe('1');
    controller.abort(enough);
  });
  test.each([WAITS, 'for (;;) {}'])(
    'and a program whose thread is ended by somebody else says so: %s',
    async (code) => {
      process.once('worker', (worker) => setTimeout(() => void worker.terminate(), 250));
      const { said, isError } = await runCode(code, tools);
      expect(isError).toBe(true);
      expect(said).toContain('its engine was lost (the thread ended with 1)');
    },
  );
});

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'node_modules/.cache');
const node24 = join(root, 'test/node/node_modules/node24/bin/node');
const APP = `
import { runCode, text } from ${JSON.stringify(join(root, 'test/fixtures/llm/code.ts'))};
const never = () => new Promise(() => {});
const tools = { 'a.never': never, 'a.quick': () => text('') };
const controller = new AbortController();
const run = (code, more) => runCode(code, tools, { signal: controller.signal, ...more });
const WAITS = 'await tools.a.quick({}); await tools.a.never({})';
const later = (act) => setTimeout(act, 400);
const ways = {
  async ends() { await run('return 1') },
  async 'leaves calls behind'() { await run('tools.a.never({}); await tools.a.quick({}); return 1') },
  async 'is aborted while it waits'() { later(() => controller.abort()); await run(WAITS).catch(() => {}) },
  async 'is aborted while it computes'() { later(() => controller.abort()); await run('for (;;) {}').catch(() => {}) },
  async 'runs out of time while it waits'() { await run(WAITS, { limits: { timeoutMs: 300 } }) },
  async 'is abandoned'() { void run(WAITS, { limits: { timeoutMs: 600 } }) },
  async 'waits while the process exits'() { void run(WAITS); later(() => process.exit(7)) },
  async 'computes while the process exits'() { void run('for (;;) {}'); later(() => process.exit(7)) },
  async 'waits while the process is interrupted'() { void run(WAITS); later(() => process.kill(process.pid, 'SIGINT')) },
  async 'computes while the process is interrupted'() { void run('for (;;) {}'); later(() => process.kill(process.pid, 'SIGINT')) },
  async 'waits while the process fails'() { void run(WAITS); later(() => { throw new Error('failed') }) },
};
await ways[process.argv[2]]();
console.log('done');
`;

describe.each([process.execPath, ...(existsSync(node24) ? [node24] : [])])(
  'the process ends by itself, with %s',
  (node) => {
    let folder = '';
    beforeAll(async () => {
      mkdirSync(cache, { recursive: true });
      // A bundle finds packages as its folder does.
      folder = mkdtempSync(join(cache, 'toolway-threads-'));
      writeFileSync(join(folder, 'app.ts'), APP);
      const common = { bundle: true, format: 'esm', platform: 'node', packages: 'external' } as const;
      await build({ ...common, entryPoints: [join(folder, 'app.ts')], outfile: join(folder, 'app.mjs') });
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    const ended = (way: string): Promise<unknown> =>
      new Promise((resolve) => {
        const child = execFile(node, [join(folder, 'app.mjs'), way], { timeout: 15_000, killSignal: 'SIGKILL' });
        child.once('exit', (code, signal) => resolve(signal ?? code));
      });
    test.concurrent.each<[string, unknown]>([
      ['ends', 0],
      ['leaves calls behind', 0],
      ['is aborted while it waits', 0],
      ['is aborted while it computes', 0],
      ['runs out of time while it waits', 0],
      ['is abandoned', 0],
      ['waits while the process exits', 7],
      ['computes while the process exits', 7],
      ['waits while the process is interrupted', 'SIGINT'],
      ['computes while the process is interrupted', 'SIGINT'],
      ['waits while the process fails', 1],
    ])('after a program that %s', async (way, expected) => {
      expect(await ended(way)).toBe(expected);
    });
  },
);

test('a program ends the process neither by its memory nor by that of its calls', async () => {
  const wide = 'é日'.repeat(2 * 1024 * 1024 - 50);
  const code =
    'const all = []; for (let i = 0; i < 40; i++) tools.a.wide({}).then((one) => all.push(one)); await tools.a.quick({}); for (let end = Date.now() + 300; Date.now() < end; ); return 1';
  await runCode(code, { ...tools, 'a.wide': () => text(wide) }, { sandbox });
  expect((await runCode('return 1')).said).toBe('1');
});

test('A thread that is woken late, when it waits for the next answer already, goes on waiting', async () => {
  const { notify } = Atomics;
  const late = vi.spyOn(Atomics, 'notify').mockImplementation((...place) => {
    // As if another process had the processor meanwhile: the thread has taken the answer and sleeps again.
    for (const end = performance.now() + 20; performance.now() < end; );
    return notify(...place);
  });
  const { said } = await runCode('for (let i = 0; i < 20; i++) await tools.a.quick({}); return "done"', tools);
  expect(late.mock.calls.length).toBeGreaterThanOrEqual(20);
  late.mockRestore();
  expect(said).toBe('done');
});
