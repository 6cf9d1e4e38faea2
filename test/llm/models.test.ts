import { describe, expect, test } from 'vitest';
import { type Api, apis, failure, modelAt, requestOf, told } from '../fixtures/llm/models.ts';
import type { Fault, ScriptedTurn } from '../fixtures/llm/turns.ts';

const call = (name: string, args: object) => ({
  type: 'call',
  id: expect.stringMatching(/^call_\w{24}$/),
  name,
  arguments: args,
});

describe.each(apis)('A message of $name', (api: Api) => {
  const streamed = [true, false];

  test.each(streamed)('is a text, with what it took (streamed: %s)', async (stream) => {
    const usage = { input: 12, output: 34, cacheRead: 5, cacheWrite: 6, reasoning: 7 };
    const { model, server, close } = await at(api, { text: 'Hello there', usage }, stream);
    const { done, deltas } = await told(model);
    expect(done).toMatchObject({ stop: 'end', usage });
    expect(done.message).toMatchObject({ role: 'assistant', content: [{ type: 'text', text: 'Hello there' }] });
    expect(deltas).toBe(stream ? 'Hello there' : '');
    expect(server.requests).toHaveLength(1);
    await close();
  });

  test.each(streamed)('is what was thought, and a call that came of it (streamed: %s)', async (stream) => {
    const turn = { reasoning: 'I must look.', calls: [{ name: 'a__b', arguments: { x: 1 } }] };
    const { model, server, close } = await at(api, turn, stream);
    const { done, reasoning } = await told(model);
    expect(done.stop).toBe('calls');
    expect(done.message.content).toMatchObject([{ type: 'reasoning', text: 'I must look.' }, call('a__b', { x: 1 })]);
    expect(reasoning).toBe(stream ? 'I must look.' : '');
    expect(server.requests).toHaveLength(1);
    await close();
  });

  test.each(streamed)('is several calls at once, each with an id of its own (streamed: %s)', async (stream) => {
    const calls = [1, 2, 3].map((x) => ({ name: 'a__b', id: 'same', arguments: { x } }));
    const { model, close } = await at(api, { text: 'Three.', calls }, stream);
    const { done } = await told(model);
    expect(done.message.content).toMatchObject([{ type: 'text' }, ...[1, 2, 3].map((x) => call('a__b', { x }))]);
    expect(new Set(done.message.content.map((part) => (part.type === 'call' ? part.id : ''))).size).toBe(4);
    await close();
  });

  test.each(streamed)('holds a call without arguments (streamed: %s)', async (stream) => {
    const { model, close } = await at(api, { calls: [{ name: 'a' }, { name: 'b', arguments: '{}' }] }, stream);
    const { done } = await told(model);
    expect(done.message.content).toMatchObject([call('a', {}), call('b', {})]);
    await close();
  });

  test.each([1, 7])('comes whole in pieces of %i bytes, whatever they cut', async (pieceBytes) => {
    const turn = { text: 'Ünï → 日本 🎉', calls: [{ name: 'a', arguments: { x: 'ß\n"🎉"' } }], pieceBytes };
    const { model, close } = await at(api, turn);
    const { done, deltas } = await told(model);
    expect(deltas).toBe('Ünï → 日本 🎉');
    expect(done.message.content).toMatchObject([{ text: 'Ünï → 日本 🎉' }, call('a', { x: 'ß\n"🎉"' })]);
    await close();
  });

  test.each(streamed)('is a refusal, with its reason (streamed: %s)', async (stream) => {
    const { model, server, close } = await at(api, { text: 'I', stop: 'refusal' }, stream);
    const { done } = await told(model);
    expect(done).toMatchObject({ stop: 'refusal', detail: expect.stringMatching(/not for me|cannot help/) });
    expect(server.requests).toHaveLength(1);
    await close();
  });

  test('ends within a call: what there is of it is kept as text, and is not to be run', async () => {
    const calls = [
      { name: 'a', arguments: { x: 1 } },
      { name: 'b', arguments: { long: 'text' } },
    ];
    const { model, close } = await at(api, { calls, stop: 'length' });
    const { done } = await told(model);
    expect(done.stop).toBe('length');
    expect(done.message.content).toMatchObject([
      call('a', { x: 1 }),
      { type: 'call', name: 'b', text: '{"long":"text' },
    ]);
    expect(done.message.content[1]).not.toHaveProperty('arguments');
    await close();
  });

  test('ends before the arguments of a call: no arguments are not taken for none', async () => {
    const { model, close } = await at(api, { calls: [{ name: 'a' }], stop: 'length' });
    const { done } = await told(model);
    expect(done.message.content).toMatchObject([{ type: 'call', name: 'a', text: '' }]);
    expect(done.message.content[0]).not.toHaveProperty('arguments');
    await close();
  });

  test('holds arguments that are no JSON as they were written', async () => {
    const { model, close } = await at(api, {
      calls: [
        { name: 'a', arguments: '{"x": oops' },
        { name: 'b', arguments: '[1]' },
      ],
    });
    const { done } = await told(model);
    expect(done.stop).toBe('calls');
    expect(done.message.content).toMatchObject([
      { name: 'a', text: '{"x": oops' },
      { name: 'b', text: '[1]' },
    ]);
    await close();
  });
});

interface Row {
  what: string;
  fault: Fault;
  /** Only there. */
  api?: string;
  expected: object;
  absent?: string;
}

const tooLong = 'prompt is too long: 250000 tokens > 200000 maximum';
const rows: Row[] = [
  {
    what: 'a prompt that is too long, by its code',
    fault: { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
    expected: { failure: 'context', retryable: false, status: 400 },
  },
  {
    what: 'a prompt that is too long, by its words',
    fault: { status: 400, type: 'invalid_request_error', message: tooLong },
    expected: { failure: 'context', code: 'message_too_large', reason: expect.stringContaining(tooLong) },
  },
  {
    what: 'a request that it does not take',
    fault: { status: 400, type: 'invalid_request_error', message: 'tools.0: wrong' },
    expected: {
      failure: 'invalid',
      retryable: false,
      reason: expect.stringMatching(/^tools\.0: wrong \(status 400 of http:/),
    },
  },
  {
    what: 'a key that is wrong',
    fault: { status: 401, type: 'authentication_error' },
    expected: { failure: 'auth', retryable: false, code: 'auth_failed', requestId: 'req_1' },
  },
  {
    what: 'a rate, for a second',
    fault: { status: 429, type: 'rate_limit_error', headers: { 'retry-after': '1' } },
    expected: { failure: 'rate', retryable: true, retryAfterMs: 1000 },
  },
  {
    what: 'a rate, for an hour',
    fault: { status: 429, type: 'rate_limit_error', headers: { 'retry-after': '3600' } },
    expected: { failure: 'rate', retryAfterMs: 3_600_000 },
  },
  {
    what: 'a rate, for it does not say how long',
    fault: { status: 429, type: 'rate_limit_error' },
    expected: { failure: 'rate', retryable: true },
    absent: 'retryAfterMs',
  },
  {
    what: 'a quota that is used up',
    fault: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
    expected: { failure: 'quota', retryable: false },
  },
  {
    what: 'a failure of its own',
    fault: { status: 500, type: 'api_error' },
    expected: { failure: 'server', retryable: true, status: 500 },
  },
  {
    what: 'a failure of its own that another attempt does not mend',
    fault: { status: 500, headers: { 'x-should-retry': 'false' } },
    expected: { failure: 'server', retryable: false },
  },
  {
    what: 'too much to do',
    fault: { status: 529, type: 'overloaded_error', message: 'Overloaded' },
    expected: {
      failure: 'overloaded',
      retryable: true,
      code: 'backpressure',
      reason: expect.stringMatching(/^Overloaded \(status 529 of .*ask again later$/),
    },
  },
];

describe.each(apis)('$name fails of', (api: Api) => {
  test.each(rows)('$what: asked once, told exactly', async ({ fault, expected, absent }) => {
    const { model, server, close } = await at(api, { fault });
    const error = await failure(model);
    expect(error).toMatchObject({ ...expected, started: false });
    expect(error.reason).not.toBe('');
    if (absent !== undefined) expect(error).not.toHaveProperty(absent);
    expect(server.requests).toHaveLength(1);
    await close();
  });

  test.each([429, 500, 404])('status %i without a word: where it came from, and what can be done', async (status) => {
    const { model, server, close } = await at(api, { fault: { status, body: {} } });
    const { reason } = await failure(model);
    const path = server.requests[0]?.path;
    expect(reason).toMatch(
      new RegExp(`^status ${status} of ${server.baseURL.replace('/v1', '')}${path}: .*(later|\\?)$`),
    );
    if (status === 404) expect(reason).toContain(`is there a model ${model.id}, and is the base URL right (it`);
    await close();
  });

  test('a wrong base URL, without what is secret in it', async () => {
    const { server, close } = await at(api, {});
    const baseURL = `${server.baseURL.replace('http://', 'http://user:word@')}/wrong`;
    const { reason } = await failure(api.model({ baseURL }));
    expect(reason).not.toContain('word');
    const wrong = await failure(api.model({ baseURL: `${server.baseURL}/wrong` }));
    expect(wrong.reason).toMatch(/status 404 of http:\/\/127[^ ]*\/wrong\/[^ ]*\): is there a model/);
    await close();
  });

  test('an address where nobody listens', async () => {
    const { model, close } = await at(api, {});
    await close();
    const error = await failure(model);
    const reason = expect.stringContaining('ECONNREFUSED');
    expect(error).toMatchObject({ failure: 'network', retryable: true, started: false, reason });
  });
});

const text: ScriptedTurn = { text: 'Hello there, this is long' };
/** By when half of the text is out. */
const half = (api: Api): number => ({ anthropic: 4, 'openai-responses': 5, 'openai-chat': 2 })[api.name] ?? 0;

describe.each(apis)('An answer of $name that breaks off', (api: Api) => {
  const partial = { role: 'assistant', content: [{ type: 'text', text: 'Hello there, ' }] };

  test('with an error keeps what had come, and says what it was', async () => {
    const fault = { errorAfter: half(api), type: 'overloaded_error', message: 'Overloaded' };
    const { model, server, close } = await at(api, { ...text, fault });
    const expected = {
      failure: 'overloaded',
      started: true,
      retryable: true,
      reason: expect.stringMatching(/^Overloaded /),
      partial,
    };
    expect(await failure(model)).toMatchObject(expected);
    expect(server.requests).toHaveLength(1);
    await close();
  });

  test.each([false, true])('with the end of the connection keeps what had come (reset: %s)', async (reset) => {
    const { model, server, close } = await at(api, { ...text, fault: { cutAfter: half(api), reset } });
    const expected = { failure: 'truncated', started: true, retryable: true, requestId: 'req_1', partial };
    expect(await failure(model)).toMatchObject(expected);
    expect(server.requests).toHaveLength(1);
    await close();
  });

  test('in silence is given up after as long as it may be silent', async () => {
    const { server, close } = await at(api, { ...text, fault: { stallAfter: half(api) } });
    const error = await failure(api.model(server, { idleTimeoutMs: 60 }));
    expect(error).toMatchObject({ failure: 'timeout', code: 'timeout', limit: 60, started: true, partial });
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
    await close();
  });

  test('before its beginning is given up after as long as that may take', async () => {
    const { server, close } = await at(api, { ...text, fault: { stallAfter: 0 } });
    const error = await failure(api.model(server, { answerTimeoutMs: 60 }));
    expect(error).toMatchObject({ failure: 'timeout', limit: 60, started: false });
    expect(error).not.toHaveProperty('partial');
    await close();
  });

  test('in one piece is told as such', async () => {
    const { model, close } = await at(api, { ...text, fault: { cutAfter: 0 } }, false);
    expect(await failure(model)).toMatchObject({ failure: 'truncated', retryable: true, started: false });
    await close();
  });

  test('with an abort ends at once, and so does the request', async () => {
    const { model, server, close } = await at(api, { ...text, fault: { stallAfter: half(api) } });
    const controller = new AbortController();
    const events: string[] = [];
    const reading = (async () => {
      for await (const { type } of model.stream(requestOf({ signal: controller.signal }))) {
        events.push(type);
        if (type === 'text') controller.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ failure: 'aborted', code: 'cancelled', retryable: false, partial });
    expect(events).not.toContain('done');
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
    await close();
  });

  test('by an abort before anything was sent sends nothing', async () => {
    const { model, server, close } = await at(api, text);
    expect(await failure(model, { signal: AbortSignal.abort() })).toMatchObject({ failure: 'aborted', started: false });
    expect(server.requests).toHaveLength(0);
    await close();
  });

  test('because nobody reads on ends the request', async () => {
    const { model, server, close } = await at(api, { ...text, fault: { stallAfter: half(api) } });
    for await (const { type } of model.stream(requestOf())) if (type === 'text') break;
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
    await close();
  });
});

/** A model at a server with one turn. */
const at = async (api: Api, turn: ScriptedTurn, stream = true) => {
  let end = async (): Promise<void> => {};
  const onTestFinished = (close: () => Promise<void>): void => {
    end = close;
  };
  const found = await modelAt(api, { onTestFinished } as never, turn, { stream });
  return { ...found, close: () => end() };
};
