/** What calls leave behind at signals that last longer than they do, and what of a framework must not reach a call. */
import { afterEach, expect, test, vi } from 'vitest';
import type { ListedTool, Toolkit } from '../../src/api.ts';
import { langchainTools } from '../../src/llm/native/langchain.ts';
import { openaiTools } from '../../src/llm/native/openai.ts';
import type { CallOptions } from '../../src/options.ts';

const CALLS = 10_000;

/** A toolkit of one tool. Nothing of it listens to a signal. */
const toolkitOf = (run: (options: CallOptions) => unknown): Toolkit =>
  ({
    listTools: async () => [
      { server: 's', name: 'echo', qualifiedName: 's.echo', inputSchema: { type: 'object' } } as unknown as ListedTool,
    ],
    callTool: async (_name: string, _args: unknown, options: CallOptions) => {
      await run(options);
      return { content: [{ type: 'text', text: 'done' }] };
    },
  }) as unknown as Toolkit;

/** A signal that counts who listens to it. */
const counted = () => {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const seen = { most: 0, added: 0 };
  const { addEventListener: add, removeEventListener: remove } = AbortSignal.prototype;
  signal.addEventListener = (type: string, listener: never, options?: never) => {
    listeners.add(listener);
    seen.added += 1;
    seen.most = Math.max(seen.most, listeners.size);
    add.call(signal, type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: never, options?: never) => {
    listeners.delete(listener);
    remove.call(signal, type, listener, options);
  };
  return { controller, signal, listeners, seen };
};

const item = (name: string) => ({ type: 'function_call', call_id: 'c', name, arguments: '{}' });

test(`${CALLS} calls leave no listener at two signals that outlast them`, async () => {
  const any = vi.spyOn(AbortSignal, 'any');
  const [all, own] = [counted(), counted()];
  const aborts: unknown[] = [];
  const local = {
    name: 'twice',
    description: '',
    inputSchema: { type: 'object' },
    run: async (_: unknown, { call }: { call: (...args: never[]) => Promise<never> }) =>
      call('s.echo' as never, {} as never, { signal: own.signal } as never),
  };
  const { call } = await openaiTools(
    toolkitOf(({ signal }) => aborts.push(signal)),
    { callOptions: { signal: all.signal }, localTools: [local as never] },
  );
  for (let made = 0; made < CALLS; made += 50) {
    const names = Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? 's__echo' : 'twice'));
    await Promise.all(names.map((name) => call(item(name), { signal: own.signal })));
  }
  expect(aborts).toHaveLength(CALLS);
  for (const { listeners, seen } of [all, own]) {
    expect(listeners.size).toBe(0);
    expect(seen.added).toBeGreaterThan(0);
    expect(seen.most).toBe(1);
  }
  // Weak references of the platform to what followed a signal would be left with it.
  expect(any).not.toHaveBeenCalled();
});

test.each(['all', 'own'] as const)(
  'the signal of %s ends a call with its reason, before it and in it',
  async (which) => {
    const signals = { all: counted(), own: counted() };
    const reasons: unknown[] = [];
    const { call } = await openaiTools(
      toolkitOf(({ signal }) => {
        if (!signal?.aborted) signals[which].controller.abort(new Error('enough'));
        reasons.push(signal?.reason);
      }),
      { callOptions: { signal: signals.all.signal } },
    );
    for (let made = 0; made < 2; made += 1) await call(item('s__echo'), { signal: signals.own.signal });
    expect(reasons).toEqual([new Error('enough'), new Error('enough')]);
    expect([signals.all.listeners.size, signals.own.listeners.size]).toEqual([0, 0]);
  },
);

afterEach(() => {
  vi.restoreAllMocks();
  vi.doUnmock('@langchain/core/tools');
  vi.doUnmock('@langchain/core/messages');
});

test.each([
  ['rejects', async () => Promise.reject(new Error('no'))],
  [
    'throws',
    () => {
      throw new Error('no');
    },
  ],
])('a listener of LangChain that %s is no failure of the call, nor of the process', async (_, handleToolEvent) => {
  class DynamicStructuredTool {
    constructor(fields: object) {
      Object.assign(this, fields);
    }
  }
  vi.doMock('@langchain/core/tools', () => ({ DynamicStructuredTool }));
  vi.doMock('@langchain/core/messages', () => ({ ToolMessage: class {} }));
  const unhandled: unknown[] = [];
  const hear = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', hear);
  const told: unknown[] = [];
  const [tool] = (await langchainTools(
    toolkitOf(({ onProgress }) => onProgress?.({ progress: 1, total: 2 } as never)),
    { callOptions: { onProgress: (progress) => told.push(progress) } },
  )) as unknown as { func(input: object, run: object): Promise<unknown[]> }[];
  const [content] = (await tool?.func({}, { handleToolEvent })) ?? [];
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', hear);
  expect(content).toContain('done');
  expect(told).toEqual([{ progress: 1, total: 2 }]);
  expect(unhandled).toEqual([]);
});
