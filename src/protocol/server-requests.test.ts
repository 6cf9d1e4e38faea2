import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { HandlerContext, Handlers } from '../handlers.ts';
import { type AnswerContext, createServerRequests, type ServerRequests } from './server-requests.ts';
import type {
  ElicitRequest,
  ElicitResult,
  JsonObject,
  LogMessage,
  Root,
  SampleRequest,
  SampleResult,
} from './types.ts';

interface Setup {
  requests: ServerRequests;
  reported: unknown[];
  ask: (method: string, params?: JsonObject, context?: Partial<AnswerContext>) => Promise<JsonObject>;
}
const setup = (handlers: Handlers): Setup => {
  const reported: unknown[] = [];
  const requests = createServerRequests({
    clock: systemClock,
    handlers,
    server: 'files',
    scope: 'u1',
    report: (error) => void reported.push(error),
  });
  const signal = new AbortController().signal;
  return {
    requests,
    reported,
    ask: (method, params = {}, context = {}) => requests.answer(method, params, { signal, ...context }),
  };
};
const fault = (code: number, message = ''): unknown =>
  expect.objectContaining({ name: 'RpcFault', code, message: expect.stringContaining(message) });
const formOf = (properties: JsonObject, required: string[] = []): JsonObject => ({
  message: 'Who are you?',
  requestedSchema: { type: 'object', properties, required },
});
const link = { mode: 'url', message: 'x', url: 'https://example.com/' };
const sampling = { messages: [{ role: 'user', content: { type: 'text', text: 'x' } }], maxTokens: 5 };
const sampled: SampleResult = { role: 'assistant', model: 'm', content: { type: 'text', text: 'y' } };
const refused = Object.assign(new Error('no'), { name: 'AbortError' });

describe('what is declared', () => {
  test('is only what has a handler', () => {
    expect(setup({}).requests.capabilities('legacy')).toEqual({});
    expect(setup({ onLog: () => {}, onTask: () => {} }).requests.capabilities('modern')).toEqual({});
    expect(setup({ onSample: () => sampled }).requests.capabilities('modern')).toEqual({ sampling: { tools: {} } });
    expect(setup({ onElicit: () => ({ action: 'cancel' }) }).requests.capabilities('modern')).toEqual({
      elicitation: { form: {}, url: {} },
    });
  });

  test('promises changes of the roots only where they can be told', () => {
    const { requests } = setup({ roots: [] });
    expect(requests.capabilities('legacy')).toEqual({ roots: { listChanged: true } });
    expect(requests.capabilities('modern')).toEqual({ roots: {} });
  });

  test('and nothing else is answered, but ping', async () => {
    const { ask } = setup({});
    expect(await ask('ping')).toEqual({});
    for (const method of [
      'elicitation/create',
      'sampling/createMessage',
      'roots/list',
      'tools/list',
      '__proto__',
      'toString',
    ]) {
      await expect(ask(method)).rejects.toEqual(fault(-32601, method));
    }
  });
});

describe('elicitation', () => {
  test('a handler sees the request, who asks, and in which call', async () => {
    const seen: [ElicitRequest, HandlerContext][] = [];
    const { ask } = setup({
      onElicit: (request, context) => {
        seen.push([request, context]);
        return { action: 'accept', content: { name: 'x' } };
      },
    });
    const params = formOf({ name: { type: 'string' } }, ['name']);
    const signal = new AbortController().signal;
    const context = { call: { id: 'c1', tool: 't' }, requestId: 0, signal };
    expect(await ask('elicitation/create', params, context)).toEqual({ action: 'accept', content: { name: 'x' } });
    expect(seen).toEqual([[params, { server: 'files', scope: 'u1', ...context }]]);
  });

  test.each<[ElicitResult]>([[{ action: 'accept' }], [{ action: 'accept', content: {} }]])(
    '%j is filled with the defaults of the schema',
    async (given) => {
      const { ask } = setup({ onElicit: () => given });
      const params = formOf({
        a: { type: 'string', default: 'x' },
        b: { type: 'integer', default: 1 },
        c: { type: 'boolean' },
      });
      expect(await ask('elicitation/create', params)).toEqual({ action: 'accept', content: { a: 'x', b: 1 } });
    },
  );

  test('decline and cancel carry no content, and consent to a URL neither', async () => {
    for (const action of ['decline', 'cancel'] as const) {
      const { ask } = setup({ onElicit: () => ({ action, content: { secret: 'x' } }) });
      expect(await ask('elicitation/create', formOf({}))).toEqual({ action });
    }
    const { ask } = setup({ onElicit: async () => ({ action: 'accept', content: { secret: 'x' } }) });
    expect(await ask('elicitation/create', link)).toEqual({ action: 'accept' });
  });

  test('a request that is wrong never reaches the handler', async () => {
    let asked = 0;
    const { ask } = setup({
      onElicit: () => {
        asked += 1;
        return { action: 'decline' };
      },
    });
    for (const params of [
      {},
      { message: 'x' },
      { ...link, mode: 'voice' },
      { ...link, url: 'file:///x' },
      formOf({ a: { type: 'object' } }),
    ]) {
      await expect(ask('elicitation/create', params)).rejects.toEqual(fault(-32602));
    }
    expect(asked).toBe(0);
  });

  test('an answer that does not fit is reported and not sent; the server learns which field, not the value', async () => {
    const { ask, reported } = setup({ onElicit: () => ({ action: 'accept', content: { age: 'hunter2' } }) });
    const error = await ask(
      'elicitation/create',
      formOf({ age: { type: 'integer' }, b: { type: 'string' } }, ['age', 'b']),
    ).catch((e) => e);
    expect(error).toEqual(fault(-32603, '/age is not a number, /b is required'));
    expect(error.message).not.toContain('hunter2');
    expect(reported).toEqual([
      expect.objectContaining({ code: 'internal', server: 'files', message: expect.stringContaining('onElicit') }),
    ]);
  });

  test.each([undefined, null, 'yes', {}, { action: 'yes' }, { action: 'accept', content: [] }])(
    'the answer %j is no answer',
    async (given) => {
      const { ask, reported } = setup({ onElicit: () => given as unknown as ElicitResult });
      await expect(ask('elicitation/create', formOf({}))).rejects.toEqual(fault(-32603));
      expect(reported).toHaveLength(1);
    },
  );

  test('to throw a refusal is to decline or to cancel', async () => {
    const denying = setup({
      onElicit: () => {
        throw new ToolwayError('denied', 'no');
      },
    });
    expect(await denying.ask('elicitation/create', formOf({}))).toEqual({ action: 'decline' });
    const leaving = setup({ onElicit: () => Promise.reject(refused) });
    expect(await leaving.ask('elicitation/create', formOf({}))).toEqual({ action: 'cancel' });
    expect([...denying.reported, ...leaving.reported]).toEqual([]);
  });
});

describe('sampling', () => {
  test('goes to the handler and back as it is', async () => {
    const seen: SampleRequest[] = [];
    const { ask } = setup({
      onSample: (request) => {
        seen.push(request);
        return sampled;
      },
    });
    expect(await ask('sampling/createMessage', sampling)).toBe(sampled);
    expect(seen[0]).toBe(sampling);
    await expect(ask('sampling/createMessage', { ...sampling, messages: [] })).rejects.toEqual(fault(-32602));
    expect(seen).toHaveLength(1);
  });

  test.each([refused, new ToolwayError('denied', 'not allowed')])('a refusal is told with -1: %s', async (error) => {
    const { ask, reported } = setup({ onSample: () => Promise.reject(error) });
    await expect(ask('sampling/createMessage', sampling)).rejects.toEqual(fault(-1, 'rejected'));
    expect(reported).toEqual([]);
  });

  test('an answer that is no message is reported and not sent', async () => {
    const { ask, reported } = setup({
      onSample: () => ({ role: 'assistant', content: 'hi' }) as unknown as SampleResult,
    });
    await expect(ask('sampling/createMessage', sampling)).rejects.toEqual(fault(-32603, 'model is not a string'));
    expect(reported).toHaveLength(1);
  });
});

describe('roots', () => {
  const roots: Root[] = [{ uri: 'file:///home/x', name: 'x' }];

  test.each<[string, Handlers['roots']]>([
    ['a list', roots],
    ['a function', () => roots],
    ['a promise', async () => roots],
  ])('may be %s', async (_kind, given) => {
    expect(await setup({ roots: given }).ask('roots/list')).toEqual({ roots });
  });

  test('are files, all of them, or none is told', async () => {
    for (const bad of [
      [...roots, { uri: 'https://x' }],
      [{}],
      [{ uri: 'file:///x', name: 5 }],
      'file:///x',
    ] as unknown as Root[][]) {
      const { ask, reported } = setup({ roots: () => bad });
      await expect(ask('roots/list')).rejects.toEqual(fault(-32603, 'file://'));
      expect(reported).toHaveLength(1);
    }
  });
});

describe('a handler that fails', () => {
  const secret = new Error('password=hunter2');
  const handlers: Handlers = {
    onElicit: () => {
      throw secret;
    },
    onSample: () => Promise.reject(secret),
    roots: () => {
      throw secret;
    },
    onLog: () => {
      throw secret;
    },
  };

  test.each([
    ['elicitation/create', link],
    ['sampling/createMessage', sampling],
    ['roots/list', {}],
  ] as const)('is reported, and %s says nothing of why', async (method, params) => {
    const { ask, reported } = setup(handlers);
    const error = await ask(method, params).catch((e) => e);
    expect(error).toEqual(fault(-32603, 'the client failed to answer'));
    expect(JSON.stringify([error.message, error.data ?? null])).not.toContain('hunter2');
    expect(reported).toEqual([secret]);
  });

  test('is left behind when the server or the call gives up, even if it never ends', async () => {
    let release = (_error: unknown): void => {};
    const never = new Promise<never>((_, reject) => {
      release = reject;
    });
    const { ask, reported } = setup({ onElicit: () => never, onSample: () => never, roots: () => never });
    const controller = new AbortController();
    const context = { signal: controller.signal };
    const answers = [
      ask('elicitation/create', link, context),
      ask('sampling/createMessage', sampling, context),
      ask('roots/list', {}, context),
    ];
    controller.abort();
    expect(await Promise.allSettled(answers)).toEqual([
      { status: 'fulfilled', value: { action: 'cancel' } },
      { status: 'rejected', reason: fault(-1) },
      { status: 'rejected', reason: fault(-1) },
    ]);
    await expect(ask('sampling/createMessage', sampling, context)).rejects.toEqual(fault(-1));
    release(secret);
    await never.catch(() => {});
    expect(reported).toEqual([]);
  });
});

describe('log messages', () => {
  test('reach the handler in a known shape, however odd', () => {
    const heard: [LogMessage, HandlerContext][] = [];
    const { requests } = setup({ onLog: (message, context) => void heard.push([message, context]) });
    requests.log({ level: 'alert', logger: 'db', data: { x: 1 }, extra: 1 });
    requests.log({ level: 'WARN', logger: 5 });
    requests.log(JSON.parse('{"level":"__proto__","data":1e400}') as JsonObject);
    expect(heard.map(([message]) => message)).toEqual([
      { level: 'alert', logger: 'db', data: { x: 1 } },
      { level: 'info', data: undefined },
      { level: 'info', data: Number.POSITIVE_INFINITY },
    ]);
    expect(heard[0]?.[1]).toMatchObject({ server: 'files', scope: 'u1', signal: { aborted: false } });
  });

  test('need no handler, and a throwing one is reported', async () => {
    setup({}).requests.log({ level: 'info', data: 'x' });
    const error = new Error('x');
    const now = setup({
      onLog: () => {
        throw error;
      },
    });
    now.requests.log({});
    await expect.poll(() => now.reported).toEqual([error]);
    const later = setup({ onLog: () => Promise.reject(error) as unknown as undefined });
    later.requests.log({});
    await expect.poll(() => later.reported).toEqual([error]);
  });
});
