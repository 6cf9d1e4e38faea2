/** Programs of models: what they are given, what becomes of their calls, and of those that they leave behind. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Toolkit } from '../../src/api.ts';
import { ToolwayError } from '../../src/errors.ts';
import { type CodeToolOptions, codeTool } from '../../src/llm/code/code-tool.ts';
import type { Sandbox } from '../../src/llm/code/sandbox.ts';
import type { LocalContext } from '../../src/llm/local-tool.ts';
import { runToolLoop } from '../../src/llm/loop/loop.ts';
import { createToolkit } from '../../src/node/index.ts';
import type { ToolkitOptions } from '../../src/options.ts';
import type { CallToolResult } from '../../src/protocol/types.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { listed, runCode, sandbox, stubToolkit, text } from '../fixtures/llm/code.ts';
import { scriptedModel } from '../fixtures/llm/scripted-chat-model.ts';

const toolkits: Toolkit[] = [];
afterEach(async () => {
  await Promise.all(toolkits.splice(0).map((toolkit) => toolkit.close({ drainMs: 0 })));
});

const forever = (_args: unknown, signal?: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const stop = () => reject(new ToolwayError('outcome_unknown', 'cancelled', { executed: 'unknown' }));
    signal?.addEventListener('abort', stop);
  });

describe('what a call gives', () => {
  const blocks = [
    { type: 'text', text: 'a' } as const,
    { type: 'image', data: 'AA==', mimeType: 'image/png' } as const,
  ];
  test.each<[string, object, unknown]>([
    ['structured content', { content: [], structuredContent: { n: 1 } }, { n: 1 }],
    ['structured content that is null', { content: [], structuredContent: null }, null],
    ['text that is an object', text(' {"n":1}'), { n: 1 }],
    ['text that is a list', text('[1,2]'), [1, 2]],
    ['text that is a number, as text', text('12345678901234567890'), '12345678901234567890'],
    ['text that begins like a list', text('[draft] of 5 May'), '[draft] of 5 May'],
    ['several texts', { content: [...text('a').content, ...text('b').content] }, 'a\nb'],
    ['nothing', { content: [] }, ''],
    ['blocks, where not all are text', { content: blocks }, blocks],
  ])('%s', async (_title, result, value) => {
    const { said } = await runCode('return { value: await tools.a.b({}) }', { 'a.b': () => result as never });
    expect(JSON.parse(said)).toEqual({ value });
  });
  test('by .raw the whole result, failed ones too', async () => {
    const { said } = await runCode('return tools.a.b.raw({})', {
      'a.b': () => text('no', { isError: true, _meta: { n: 1 } }),
    });
    expect(JSON.parse(said)).toEqual({ content: [{ type: 'text', text: 'no' }], isError: true, _meta: { n: 1 } });
  });
  test('no arguments are no arguments', async () => {
    expect((await runCode('await tools.a.b()', { 'a.b': () => text('') })).calls).toEqual([{ name: 'a.b', args: {} }]);
  });
});

describe('a call that fails throws', () => {
  const told = (error: unknown): Promise<string> =>
    runCode(
      `try { await tools.a.b({}) } catch (error) {
        return [error.name, error instanceof ToolError, error instanceof Error, error.code, error.executed, error.tool, error.message].join('|') }`,
      {
        'a.b': () => {
          throw error;
        },
      },
    ).then(({ said }) => said.split('\n\n')[0]?.split('\nWith an outcome')[0] ?? '');

  test('a ToolError, with the text of the tool', async () => {
    const code =
      'try { await tools.a.b({}) } catch (error) { return [error.name, error.code, error.executed, error.message] }';
    const { said } = await runCode(code, { 'a.b': () => text('no paper', { isError: true }) });
    expect(JSON.parse(said)).toEqual(['ToolError', 'tool_error', 'yes', 'a.b: no paper']);
  });
  test('a DeniedError', async () => {
    expect(await told(new ToolwayError('denied', 'not today', { executed: 'no' }))).toBe(
      'DeniedError|true|true|denied|no|a.b|a.b: not today',
    );
  });
  test('an OutcomeUnknownError, which says what to do', async () => {
    expect(await told(new ToolwayError('outcome_unknown', 'it went away', { executed: 'unknown' }))).toBe(
      'OutcomeUnknownError|true|true|outcome_unknown|unknown|a.b|a.b: it may have taken effect: look before you call it again. it went away',
    );
  });
  test('what is wrong with the arguments', async () => {
    const problems = [{ path: '/n', message: 'has to be a number' }];
    expect(await told(new ToolwayError('invalid_arguments', 'they do not fit', { executed: 'no', problems }))).toBe(
      'ToolError|true|true|invalid_arguments|no|a.b|a.b: they do not fit\n/n: has to be a number',
    );
  });
  test('what is no error of Toolway as no more than that', async () => {
    expect(await told(new Error('/etc/secret'))).toBe('ToolError|true|true|internal|unknown|a.b|a.b: the call failed');
  });
});

describe('a call whose outcome is not known', () => {
  const unclear = new ToolwayError('outcome_unknown', 'it went away', { executed: 'unknown' });
  const telling =
    'With an outcome that is not known: these may have taken effect, look before you call them again: a.b.';

  test('is told to the model, though the program took it for done', async () => {
    const pay = () => Promise.reject(unclear);
    const { said } = await runCode(`await tools.a.b({}).catch(() => {}); return 'paid'`, { 'a.b': pay });
    expect(said).toBe(`paid\n${telling}`);
  });
  test('is told where the program was over before it could hear of it', async () => {
    const pay = () => new Promise<never>((_, reject) => setTimeout(reject, 20, unclear));
    const code = `tools.a.b({}).catch(() => {}); await tools.a.quick({}); const end = Date.now() + 300; while (Date.now() < end); return 'paid'`;
    const { said } = await runCode(code, { 'a.b': pay, 'a.quick': () => text('') });
    expect(said).toBe(`paid\n${telling}`);
  });
});

describe('what is told of a program', () => {
  test('where it failed', async () => {
    const { said, isError } = await runCode('const a = 1;\nconst f = () => {\n  nothing.x;\n};\nf();');
    expect([said, isError]).toEqual([
      'The program failed. ReferenceError: nothing is not defined\nat line 3, called at line 5',
      true,
    ]);
  });
  test('that calls were made before', async () => {
    const { said } = await runCode('await tools.a.b({}); throw new Error("late")', { 'a.b': () => text('') });
    expect(said).toContain('Before that, 1 call was made: what they did is done.');
  });
  test('that it returned nothing', async () => {
    expect((await runCode('1 + 1')).said).toContain('The program returned nothing');
  });
  test('that it waits for nothing, at once', async () => {
    const { said } = await runCode('await new Promise(() => {})');
    expect(said).toContain('waits for a promise that nothing will settle');
  });
  test('its log', async () => {
    const code = `console.log('a', 1, null, undefined, { b: [1] }, new TypeError('t'), 5n, Symbol('s')); console.error('e'); return 'r'`;
    expect((await runCode(code)).said).toBe('r\nLog:\na 1 null undefined {"b":[1]} TypeError: t 5 Symbol(s)\ne');
  });
});

describe('calls that are not awaited', () => {
  test('those that were not made yet are not made', async () => {
    const { said, calls } = await runCode('tools.a.b({}); return 1', { 'a.b': () => text('') });
    expect([said, calls]).toEqual(['1\nNot made, because the program was over: a.b.', []]);
  });
  test('those under way may come to an end, and are told', async () => {
    let done = 0;
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      done += 1;
      return text('late');
    };
    const code = 'tools.a.slow({}); tools.a.fails({}).catch(() => {}); await tools.a.quick({}); return 1';
    const { said } = await runCode(code, {
      'a.slow': slow,
      'a.quick': () => text(''),
      'a.fails': async () => {
        await slow();
        throw new ToolwayError('server_error', 'broken', { executed: 'yes' });
      },
    });
    expect([said, done]).toEqual(['1\nNot awaited, but done: a.slow.\nNot awaited, and failed: a.fails.', 2]);
  });
  test('those that were done while the program computed are told', async () => {
    const slow = () => new Promise<CallToolResult>((resolve) => setTimeout(resolve, 20, text('late')));
    const code =
      'tools.a.slow({}); await tools.a.quick({}); const end = Date.now() + 300; while (Date.now() < end); return 1';
    const { said } = await runCode(code, { 'a.slow': slow, 'a.quick': () => text('') });
    expect(said).toBe('1\nNot awaited, but done: a.slow.');
  });
  test('those that take too long are cancelled, and told as unknown', async () => {
    const code = 'tools.a.forever({}); await tools.a.quick({}); return 1';
    const { said } = await runCode(code, { 'a.forever': forever, 'a.quick': () => text('') });
    expect(said).toContain('Without an answer when the program was over');
    expect(said).toContain('a.forever');
  }, 15_000);
});

describe('a run that is ended', () => {
  test('by its time, while it waits for a call', async () => {
    const { said, isError } = await runCode(
      'await tools.a.forever({})',
      { 'a.forever': forever },
      { limits: { timeoutMs: 150 } },
    );
    expect(isError).toBe(true);
    expect(said).toContain('it may take 0.15 s');
    expect(said).toContain('these may have taken effect, look before you call them again: a.forever.');
  }, 15_000);
  test('by its caller, whatever it does', async () => {
    for (const code of ['for (;;) {}', 'await tools.a.forever({})']) {
      const controller = new AbortController();
      const ran = runCode(code, { 'a.forever': forever }, { signal: controller.signal });
      setTimeout(() => controller.abort(new ToolwayError('cancelled', 'enough')), 150);
      await expect(ran).rejects.toMatchObject({ code: 'cancelled' });
    }
    expect((await runCode('return 1')).said).toBe('1');
  });
  test('before it began', async () => {
    const signal = AbortSignal.abort(new ToolwayError('cancelled', 'enough'));
    await expect(runCode('return 1', {}, { signal })).rejects.toMatchObject({ code: 'cancelled' });
  });
  test('by the loss of its engine', async () => {
    const lost: Sandbox = {
      open(_program, hear) {
        queueMicrotask(() => hear({ stopped: { by: 'lost', message: 'the thread ended with 1' } }));
        return { answer() {}, close() {} };
      },
    };
    const { said, isError } = await runCode('return 1', {}, { sandbox: lost });
    expect([said, isError]).toEqual([
      'The program was not run to its end: its engine was lost (the thread ended with 1).',
      true,
    ]);
  });
  test.each([
    '',
    'no json',
    'null',
    '{"calls":1,"logs":[],"lostLogs":0}',
    '{"calls":[5],"logs":[],"lostLogs":0}',
    '{"calls":[],"logs":[{}],"lostLogs":0}',
    '{"calls":[],"logs":[],"lostLogs":0,"end":{"kind":"error"}}',
    '{"calls":[],"logs":[],"lostLogs":0,"end":null}',
    '{"calls":[[1,99,0,{}]],"logs":[],"lostLogs":0}',
    '{"calls":[[1,0,0,"text"]],"logs":[],"lostLogs":0}',
  ])('by an engine that says %j, which makes no call', async (words) => {
    const odd: Sandbox = {
      open(_program, hear) {
        queueMicrotask(() => hear({ text: words }));
        return { answer() {}, close() {} };
      },
    };
    const { isError, calls } = await runCode('', { 'a.b': () => text('') }, { sandbox: odd });
    expect([isError, calls]).toEqual([true, []]);
  });
});

const counter = (run: () => string = () => 'counted') =>
  createTestServer({
    tools: {
      count: {
        description: 'Counts',
        inputSchema: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
        run,
      },
    },
  });
const toolkitOf = async (options: ToolkitOptions): Promise<Toolkit> => {
  const toolkit = await createToolkit({ connect: 'wait', ...options });
  toolkits.push(toolkit);
  return toolkit;
};
const contextOf = (toolkit: Toolkit): LocalContext => ({
  id: 'call-1',
  signal: new AbortController().signal,
  onProgress() {},
  call: (name, args, { signal } = {}) => toolkit.callTool(name, args, signal === undefined ? {} : { signal }),
});

describe('with a toolkit', () => {
  test('a thousand calls in one program', async () => {
    const server = counter();
    const toolkit = await toolkitOf({ mcpServers: { s: server.config } });
    const tool = await codeTool(toolkit, { sandbox });
    const code = `let said = 0; for (let n = 0; n < 500; n++) said += (await tools.s.count({ n })) === 'counted';
      const rest = await Promise.all(Array.from({ length: 500 }, (_, n) => tools.s.count({ n: 500 + n })));
      return said + rest.filter((one) => one === 'counted').length`;
    const result = await tool.run({ code }, contextOf(toolkit));
    expect(result.content).toEqual([{ type: 'text', text: '1000' }]);
    expect(new Set(server.calls.map(({ arguments: args }) => args?.n)).size).toBe(1_000);
  }, 30_000);

  test('calls are judged, and arguments checked, as any others are', async () => {
    const server = counter();
    const toolkit = await toolkitOf({
      mcpServers: { s: server.config },
      policy: { rules: [{ arguments: { n: { greaterThan: 10 } }, action: 'deny', reason: 'too many' }] },
    });
    const tool = await codeTool(toolkit, { sandbox });
    const code = `const seen = []; for (const n of [1, 11, 'x']) await tools.s.count({ n }).then(() => seen.push('done'), (error) => seen.push(error.name + ' ' + error.code)); return seen`;
    const result = await tool.run({ code }, contextOf(toolkit));
    expect(result.content).toEqual([
      { type: 'text', text: '["done","DeniedError denied","ToolError invalid_arguments"]' },
    ]);
    expect(server.calls.length).toBe(1);
  });

  test('the clock stands still while somebody is asked', async () => {
    const toolkit = await toolkitOf({
      mcpServers: { s: counter().config },
      policy: { default: 'ask' },
      onApprove: () => new Promise((resolve) => setTimeout(() => resolve(true), 900)),
    });
    const tool = await codeTool(toolkit, { sandbox, limits: { timeoutMs: 700 } });
    const result = await tool.run({ code: 'return tools.s.count({ n: 1 })' }, contextOf(toolkit));
    expect(result).toEqual({ content: [{ type: 'text', text: 'counted' }] });
  });

  test('only tools that are offered are there', async () => {
    const toolkit = await toolkitOf({ mcpServers: { s: counter().config, other: counter().config } });
    const options = { sandbox, servers: ['s'], allow: ({ name }: { name: string }) => name !== 'forbidden' };
    const tool = await codeTool(toolkit, options);
    const result = await tool.run({ code: 'return Object.keys(tools)' }, contextOf(toolkit));
    expect(result.content).toEqual([{ type: 'text', text: '["s"]' }]);
    expect(tool.description).not.toContain('other');
    const none = await codeTool(toolkit, { ...options, allow: () => false });
    expect((await none.run({ code: 'return Object.keys(tools)' }, contextOf(toolkit))).content).toEqual([
      { type: 'text', text: '[]' },
    ]);
  });

  test('a model runs programs by way of the loop, and their calls are its calls', async () => {
    const server = counter();
    const toolkit = await toolkitOf({ mcpServers: { s: server.config }, onApprove: () => true });
    const tool = await codeTool(toolkit, { sandbox });
    const code = 'const all = []; for (let n = 0; n < 3; n++) all.push(await tools.s.count({ n })); return all.length';
    const model = scriptedModel([{ calls: [{ name: 'run_code', arguments: { code } }] }, 'Three.']);
    const {
      text: said,
      toolCalls,
      messages,
    } = await runToolLoop({ toolkit, model, messages: 'Count', localTools: [tool] });
    expect([said, server.calls.length, toolCalls]).toEqual(['Three.', 3, 4]);
    expect(JSON.stringify(messages[2]?.content)).toContain('3');
  });
});

test('what is no text is no program', async () => {
  const tool = await codeTool({ listTools: async () => [listed('a.b')] } as unknown as Toolkit, { sandbox });
  expect(await tool.run({}, contextOf({} as Toolkit))).toMatchObject({ isError: true });
});

describe('options that are wrong are refused', () => {
  test.each<[string, object, string]>([
    ['no sandbox', { sandbox: undefined }, '/sandbox'],
    ['what is no sandbox', { sandbox: {} }, '/sandbox'],
    ['a mistyped option', { server: ['s'] }, '/server'],
    ['a mistyped limit', { limits: { maxCall: 5 } }, '/limits/maxCall'],
    ['no place for a call', { limits: { maxInFlight: 0 } }, '/limits/maxInFlight'],
    ['half a call', { limits: { maxCalls: 0.5 } }, '/limits/maxCalls'],
    ['a length that is none', { limits: { maxOutputChars: Number.NaN } }, '/limits/maxOutputChars'],
    ['a text', { limits: { maxSourceBytes: '1000' } }, '/limits/maxSourceBytes'],
    ['no time', { limits: { timeoutMs: 0 } }, '/limits/timeoutMs'],
    ['time without end', { limits: { timeoutMs: Number.POSITIVE_INFINITY } }, '/limits/timeoutMs'],
  ])('%s', async (_what, options, path) => {
    const made = codeTool(stubToolkit([]), { sandbox, ...options } as CodeToolOptions);
    await expect(made).rejects.toMatchObject({ code: 'invalid_arguments', executed: 'no', problems: [{ path }] });
  });
  test('and a limit that is undefined is as if it were not there', async () => {
    const { said } = await runCode('return 1', {}, { limits: { maxCalls: undefined } as object });
    expect(said).toBe('1');
  });
});
