import { describe, expect, test, vi } from 'vitest';
import { ANNA, BERT, modernGateway } from '../../../../test/fixtures/modern-posts.ts';
import { ToolwayError } from '../../../errors.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { createTestServer, type RunTool } from '../../../testing/index.ts';
import type { Ended } from '../../principal.ts';

const form = {
  message: 'who?',
  requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
};
const ELICITS = { capabilities: { elicitation: {} } };
const ALL = { capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} } };
const accept = (name: unknown): JsonObject => ({ action: 'accept', content: { name } });

const tools: Record<string, RunTool> = {
  ask: async (_, { elicit }) => JSON.stringify(await elicit(form)),
  twice: async (_, { elicit }) => [await elicit(form), await elicit(form)],
  several: async (_, { elicit, sample, listRoots }) =>
    Promise.all([
      elicit(form),
      sample({ messages: [{ role: 'user', content: { type: 'text', text: 'hi' } }], maxTokens: 9 }),
      listRoots(),
    ]),
  visit: async (_, { elicit }) => {
    const { action } = await elicit({ mode: 'url', message: 'go', url: 'https://a.example/' });
    if (action !== 'accept') throw new Error(action);
  },
  adapt: async (_, { elicit }) =>
    elicit(form).then(
      () => 'asked',
      () => 'went without',
    ),
};

/** Answers of a client to everything that it is asked. */
const answersTo = (result: JsonObject | undefined, name = 'Anna'): JsonObject => {
  const asked = Object.entries((result?.inputRequests ?? {}) as Record<string, { method: string }>);
  const answers: Record<string, JsonObject> = {
    'elicitation/create': accept(name),
    'sampling/createMessage': { role: 'assistant', model: 'm', content: { type: 'text', text: 'ho' } },
    'roots/list': { roots: [{ uri: 'file:///a' }] },
  };
  return Object.fromEntries(asked.map(([key, { method }]) => [key, answers[method]]));
};
const textOf = (result: JsonObject | undefined): string => (result?.content as { text: string }[])?.[0]?.text ?? '';

describe.each(['legacy', 'modern'] as const)('the question of a %s server', (era) => {
  const gateway = async (options: Parameters<typeof modernGateway>[1] = {}) => {
    const server = createTestServer({ era, tools });
    return { server, ...(await modernGateway({ s: server }, options)) };
  };
  /** Begins a call that asks, lets its round be complete, and gives what the client is told. */
  const begun = async ({ post, clock }: Awaited<ReturnType<typeof gateway>>, tool = 's__ask', options = ELICITS) => {
    const posted = post('tools/call', { name: tool }, options);
    await vi.waitFor(() => expect(clock.nextTimerMs).toBe(0));
    await clock.advance(0);
    return (await posted).body.result;
  };

  test('is put to the client, and the same call goes on with its answer', async () => {
    const at = await gateway();
    const result = await begun(at);
    expect(result).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) });
    expect(Object.values(result?.inputRequests as object)).toEqual([{ method: 'elicitation/create', params: form }]);
    const retry = { name: 's__ask', inputResponses: answersTo(result), requestState: result?.requestState };
    const { body } = await at.post('tools/call', retry, ELICITS);
    expect(body.result?.resultType).toBe('complete');
    expect(JSON.parse(textOf(body.result))).toEqual(accept('Anna'));
    expect(at.server.calls).toHaveLength(1);
  });

  test('is asked again where its answer is missing, and what was not asked is ignored', async () => {
    const at = await gateway();
    const first = await begun(at);
    const retry = { name: 's__ask', inputResponses: { other: accept('Eve') }, requestState: first?.requestState };
    const { body } = await at.post('tools/call', retry, ELICITS);
    expect(body.result).toMatchObject({ resultType: 'input_required', inputRequests: first?.inputRequests });
    expect(body.result?.requestState).not.toBe(first?.requestState);
  });

  test.each(['gone', 'stale'] as const)(
    'whose caller’s credential is %s is taken back only with a key',
    async (how) => {
      const at = await gateway();
      let ended: Ended | undefined;
      const options = { ...ELICITS, caller: { principal: { ...ANNA.principal, ended: () => ended } } };
      const first = await begun(at, 's__ask', options);
      ended = how;
      await at.clock.advance(500);
      ended = undefined;
      const retry = { name: 's__ask', inputResponses: answersTo(first), requestState: first?.requestState };
      const { body } = await at.post('tools/call', retry, ELICITS);
      expect(body).toMatchObject(how === 'gone' ? { error: { code: -32602 } } : { result: { resultType: 'complete' } });
      expect(at.toolkit.calls()).toEqual([]);
    },
  );

  test('can come in several rounds, each under a key of its own', async () => {
    const at = await gateway();
    const first = await begun(at, 's__twice');
    const params = { name: 's__twice', inputResponses: answersTo(first), requestState: first?.requestState };
    const posted = at.post('tools/call', params, ELICITS);
    await vi.waitFor(() => expect(at.clock.nextTimerMs).toBe(0));
    await at.clock.advance(0);
    const second = (await posted).body.result;
    expect(second?.resultType).toBe('input_required');
    expect(Object.keys(second?.inputRequests as object)).not.toEqual(Object.keys(first?.inputRequests as object));
    const again = { name: 's__twice', inputResponses: answersTo(second, 'Bert'), requestState: second?.requestState };
    const { body } = await at.post('tools/call', again, ELICITS);
    expect(body.result?.structuredContent ?? JSON.parse(textOf(body.result))).toMatchObject(
      era === 'modern' ? [accept('Anna'), accept('Bert')] : {},
    );
    expect(at.server.calls).toHaveLength(1);
  });

  test('can be several at once, of every kind', async () => {
    const at = await gateway();
    const result = await begun(at, 's__several', ALL);
    const methods = Object.values(result?.inputRequests as Record<string, { method: string }>).map(
      (each) => each.method,
    );
    expect(methods.sort()).toEqual(['elicitation/create', 'roots/list', 'sampling/createMessage']);
    const retry = { name: 's__several', inputResponses: answersTo(result), requestState: result?.requestState };
    const { body } = await at.post('tools/call', retry, ALL);
    expect(body.result?.resultType).toBe('complete');
    expect(JSON.stringify(body.result)).toContain('file:///a');
  });

  test.each<[string, unknown]>([
    ['no object', 12345],
    ['an action that is none', { action: 'yes' }],
    ['content that breaks the form', accept(5)],
  ])('takes no answer that is %s, and waits for another', async (_, answer) => {
    const at = await gateway();
    const result = await begun(at);
    const [key = ''] = Object.keys(result?.inputRequests as object);
    const { requestState } = result ?? {};
    const bad = await at.post(
      'tools/call',
      { name: 's__ask', inputResponses: { [key]: answer }, requestState },
      ELICITS,
    );
    expect(bad.body.error).toMatchObject({ code: -32602, message: expect.stringContaining(key) });
    const retry = { name: 's__ask', inputResponses: answersTo(result), requestState };
    expect((await at.post('tools/call', retry, ELICITS)).body.result?.resultType).toBe('complete');
  });

  test('is not put to a client that cannot be asked', async () => {
    const at = await gateway();
    const { status, body } = await at.post('tools/call', { name: 's__ask' });
    // A modern server knows beforehand, and has its own words for it.
    if (era === 'modern') return expect(textOf(body.result)).toBe('the client has not declared elicitation');
    expect({ status, error: body.error }).toMatchObject({
      status: 400,
      error: { code: -32021, data: { requiredCapabilities: { elicitation: {} } } },
    });
  });

  test('of a tool that can do without leaves the result as it is', async () => {
    const at = await gateway();
    const { body } = await at.post('tools/call', { name: 's__adapt' });
    expect(textOf(body.result)).toBe('went without');
  });

  test.each<[string, (state: string) => [JsonObject, object]]>([
    ['that was changed', (state) => [{ name: 's__ask', requestState: `${state}-TAMPERED` }, {}]],
    ['of somebody else', (state) => [{ name: 's__ask', requestState: state }, { caller: BERT }]],
    ['of another tool', (state) => [{ name: 's__twice', requestState: state }, {}]],
    ['of other arguments', (state) => [{ name: 's__ask', arguments: { a: 1 }, requestState: state }, {}]],
    ['that is no text', () => [{ name: 's__ask', requestState: { a: 1 } }, {}]],
    ['that is none', () => [{ name: 's__ask', requestState: 'nonsense' }, {}]],
  ])('keeps waiting at a state %s, which runs nothing', async (_, change) => {
    const at = await gateway();
    const result = await begun(at);
    const [params, options] = change(result?.requestState as string);
    const inputResponses = answersTo(result);
    const { status, body } = await at.post('tools/call', { ...params, inputResponses }, { ...ELICITS, ...options });
    expect({ status, code: body.error?.code }).toEqual({ status: 200, code: -32602 });
    expect(at.server.calls).toHaveLength(1);
    const retry = { name: 's__ask', inputResponses, requestState: result?.requestState };
    expect((await at.post('tools/call', retry, ELICITS)).body.result?.resultType).toBe('complete');
  });

  test('is answered once: a state that was used runs nothing', async () => {
    const at = await gateway();
    const result = await begun(at);
    const retry = { name: 's__ask', inputResponses: answersTo(result), requestState: result?.requestState };
    await at.post('tools/call', retry, ELICITS);
    expect((await at.post('tools/call', retry, ELICITS)).body.error).toMatchObject({ code: -32602 });
    expect(at.server.calls).toHaveLength(1);
  });

  test('waits for as long as it was said, beyond the limits of the call, and then the call is cancelled', async () => {
    const at = await gateway({ limits: { heldCallMs: 600_000 } });
    const result = await begun(at);
    await at.clock.advance(590_000);
    expect(at.toolkit.calls()).toHaveLength(1);
    await at.clock.advance(10_000);
    await vi.waitFor(() => expect(at.toolkit.calls()).toHaveLength(0));
    const retry = { name: 's__ask', inputResponses: answersTo(result), requestState: result?.requestState };
    expect((await at.post('tools/call', retry, ELICITS)).body.error?.message).toContain('expired');
    expect(at.server.calls).toHaveLength(1);
  });

  test('is not held where as many wait already', async () => {
    const at = await gateway({ limits: { maxHeldCalls: 1 } });
    await begun(at);
    const posted = at.post('tools/call', { name: 's__twice' }, ELICITS);
    await vi.waitFor(() => expect(at.clock.nextTimerMs).toBe(0));
    await at.clock.advance(0);
    expect((await posted).body.error).toMatchObject({ data: { code: 'backpressure', limit: 1 } });
    await vi.waitFor(() => expect(at.toolkit.calls()).toHaveLength(1));
  });

  test('is put to the client whose call it is, whoever else calls', async () => {
    const at = await gateway();
    const mine = await begun(at);
    const inputResponses = answersTo(mine);
    const retry = { name: 's__ask', inputResponses, requestState: mine?.requestState };
    const { body } = await at.post('tools/call', retry, { ...ELICITS, caller: ANNA });
    expect(JSON.parse(textOf(body.result))).toEqual(accept('Anna'));
  });
});

test('a part of a capability that the client lacks is told of as well', async () => {
  const { post } = await modernGateway({ s: createTestServer({ era: 'legacy', tools }) });
  expect(await post('tools/call', { name: 's__visit' }, ELICITS)).toMatchObject({
    status: 400,
    body: { error: { code: -32021, data: { requiredCapabilities: { elicitation: { url: {} } } } } },
  });
});

describe('what a modern server lacks', () => {
  const lacking = async (capabilities: JsonObject) => {
    const refuse = () => {
      throw new ToolwayError('server_error', 'no', {
        rpcCode: -32021,
        data: { requiredCapabilities: { sampling: {} } },
      });
    };
    const { post } = await modernGateway({ s: createTestServer({ era: 'modern', tools: { refuse } }) });
    return post('tools/call', { name: 's__refuse' }, { capabilities });
  };

  test('is told of where the client has not declared it', async () => {
    expect(await lacking({ elicitation: {} })).toMatchObject({
      status: 400,
      body: { error: { code: -32021, data: { requiredCapabilities: { sampling: {} } } } },
    });
  });

  test('is no fault of a client that has', async () => {
    const { status, body } = await lacking({ sampling: {} });
    expect({ status, code: body.error?.code }).toEqual({ status: 200, code: -32000 });
  });
});

describe('a modern server', () => {
  test('is asked with the answers that came with the first request, under the keys that it chooses', async () => {
    const server = createTestServer({ era: 'modern', tools });
    const { post, clock } = await modernGateway({ s: server });
    const posted = post('tools/call', { name: 's__ask' }, ELICITS);
    await vi.waitFor(() => expect(clock.nextTimerMs).toBe(0));
    await clock.advance(0);
    const [key = ''] = Object.keys((await posted).body.result?.inputRequests as object);
    const early = { name: 's__ask', inputResponses: { [key]: accept('Anna'), other: accept('Eve') } };
    expect((await post('tools/call', early, ELICITS)).body.result?.resultType).toBe('complete');
    const nothing = await post('tools/call', { name: 's__ask', inputResponses: null }, ELICITS);
    expect(nothing.body.error?.code).toBe(-32602);
  });

  test('is told of no more than what the client can be asked', async () => {
    const server = createTestServer({ era: 'modern', tools: { see: () => 'seen' } });
    const { post } = await modernGateway({ s: server });
    await post('tools/call', { name: 's__see' }, { capabilities: { sampling: { tools: {} } } });
    const declared = server.calls[0]?.meta['io.modelcontextprotocol/clientCapabilities'];
    expect(declared).toEqual({ sampling: { tools: {} }, extensions: { 'io.modelcontextprotocol/tasks': {} } });
  });
});
