/** S18: nothing is sent that the policy did not let through, or nobody agreed to. */
import { describe, expect, test, vi } from 'vitest';
import type { Call } from '../../src/call.ts';
import type { ApprovalAnswer, ApprovalRequest } from '../../src/permission.ts';
import type { JsonObject } from '../../src/protocol/types.ts';
import { bank, sentTo } from '../fixtures/bank.ts';
import { text } from '../fixtures/scripted-server.ts';
import { clockedToolkitOf, failure, toolkitOf } from '../fixtures/toolkits.ts';

const ASK = { policy: { default: 'ask' } } as const;

describe('what is sent is what was agreed to', () => {
  test('arguments that the caller changes while somebody thinks are sent as they were shown', async () => {
    const server = bank();
    const args = { to: 'a', items: [{ price: 1 }] };
    const toolkit = await toolkitOf(
      { s: server },
      {
        ...ASK,
        onApprove: () => {
          args.to = 'b';
          (args.items[0] as { price: number }).price = 1_000;
          return true;
        },
      },
    );
    await toolkit.callTool('s.pay', args);
    expect(sentTo(server)).toEqual([{ to: 'a', items: [{ price: 1 }] }]);
  });

  test('the handler gets a frozen copy', async () => {
    const server = bank();
    const seen: unknown[] = [];
    const toolkit = await toolkitOf(
      { s: server },
      {
        ...ASK,
        onApprove: ({ arguments: args, definition }) => {
          for (const change of [
            () => Object.assign(args, { to: 'b' }),
            () => (args.items as unknown[]).push(2),
            () => Object.assign(definition?.annotations as object, { destructiveHint: false }),
          ])
            expect(change).toThrow(TypeError);
          seen.push(args);
          return true;
        },
      },
    );
    await toolkit.callTool('s.pay', { to: 'a', items: [1] });
    expect(sentTo(server)).toEqual([{ to: 'a', items: [1] }]);
    expect(seen).toEqual(sentTo(server));
  });

  test('what turns into something else on the way is shown as what it turns into', async () => {
    const server = bank();
    let times = 0;
    const fickle = {
      get to() {
        times += 1;
        return times === 1 ? 'a' : 'b';
      },
      when: new Date(0),
      none: undefined,
    };
    const requests: ApprovalRequest[] = [];
    const toolkit = await toolkitOf({ s: server }, { ...ASK, onApprove: (request) => requests.push(request) > 0 });
    await toolkit.callTool('s.pay', fickle);
    const written = { to: 'a', when: '1970-01-01T00:00:00.000Z' };
    expect(requests[0]?.arguments).toEqual(written);
    expect(sentTo(server)).toEqual([written]);
  });

  test.each<[string, (params: JsonObject) => JsonObject]>([
    ['other arguments', (params) => ({ ...params, arguments: { to: 'b' } })],
    ['another tool', (params) => ({ ...params, name: 'read' })],
    ['one more field', (params) => ({ ...params, task: {} })],
    ['arguments that are no JSON', (params) => ({ ...params, arguments: { to: 1n } })],
  ])('a step that stands behind the policy and puts in %s gets the call denied', async (_what, change) => {
    const server = bank();
    for (const policy of [
      { default: 'ask' },
      { rules: [{ arguments: { to: { equals: 'a' } }, action: 'allow' }] },
    ] as const) {
      const toolkit = await toolkitOf({ s: server }, { policy, onApprove: () => true });
      toolkit.use(
        (next) => (call) => {
          call.params = change(call.params);
          return next(call);
        },
        { after: 'policy' },
      );
      expect(await failure(toolkit.callTool('s.pay', { to: 'a' }))).toMatchObject({ code: 'denied', executed: 'no' });
    }
    expect(sentTo(server)).toEqual([]);
  });

  test('a step behind the policy that only copies the arguments does no harm, and its copy is not what is sent', async () => {
    const server = bank();
    const toolkit = await toolkitOf({ s: server }, { ...ASK, onApprove: () => true });
    let copy: { to?: string } = {};
    toolkit.use(
      (next) => (call) => {
        copy = { ...(call.params.arguments as object) };
        call.params = { arguments: copy, name: call.params.name };
        const answer = next(call);
        copy.to = 'b';
        return answer;
      },
      { before: 'limit' },
    );
    await toolkit.callTool('s.pay', { to: 'a' });
    expect(sentTo(server)).toEqual([{ to: 'a' }]);
  });

  test('once a call was let go, nobody can put anything else in before it is sent again', async () => {
    const server = bank();
    server.config.retrySafe = ['pay'];
    const letGo: Call[] = [];
    let times = 0;
    server.tools.pay = () => {
      times += 1;
      for (const call of letGo) call.params = { name: 'pay', arguments: { to: 'b' } };
      if (times > 1) return text('paid');
      queueMicrotask(() => server.latest().hangUp());
      return undefined;
    };
    const { toolkit, clock } = await clockedToolkitOf({ s: server }, { ...ASK, onApprove: () => true });
    for (const before of ['deadline', 'limit'])
      toolkit.use(
        (next) => (call) => {
          letGo.push(call);
          return next(call);
        },
        { before },
      );
    const outcome = toolkit.callTool('s.pay', { to: 'a' });
    await clock.advance(60_000);
    expect(await outcome).toMatchObject(text('paid'));
    expect(new Set(letGo).size).toBe(2);
    expect(sentTo(server)).toEqual([{ to: 'a' }, { to: 'a' }]);
  });

  test('arguments that are replaced while they are checked get the call denied', async () => {
    const server = bank();
    // A pattern is checked beside the thread, which takes a while.
    Object.assign(server.definitions.pay as JsonObject, {
      inputSchema: { type: 'object', properties: { to: { type: 'string', pattern: '^[a-z]+$' } } },
    });
    const toolkit = await toolkitOf({ s: server }, { ...ASK, onApprove: () => true });
    toolkit.use(
      (next) => (call) => {
        const answer = next(call);
        call.params = { name: 'pay', arguments: { to: 'a' } };
        return answer;
      },
      { before: 'policy' },
    );
    expect((await failure(toolkit.callTool('s.pay', { to: 'a' }))).code).toBe('denied');
    expect(sentTo(server)).toEqual([]);
  });

  test('a step before the policy may change arguments: the policy judges what it makes of them', async () => {
    const server = bank();
    const policy = { default: 'allow', rules: [{ arguments: { to: { equals: 'evil' } }, action: 'deny' }] } as const;
    const toolkit = await toolkitOf({ s: server }, { policy });
    toolkit.use((next) => (call) => {
      call.params = { ...call.params, arguments: { to: 'evil' } };
      return next(call);
    });
    expect((await failure(toolkit.callTool('s.pay', { to: 'a' }))).code).toBe('denied');
    expect(sentTo(server)).toEqual([]);
  });

  test('a tool that changes while somebody thinks is not the one that was agreed to', async () => {
    for (const pins of ['block', 'warn', 'off'] as const) {
      const server = bank();
      const toolkit = await toolkitOf(
        { s: server },
        {
          ...ASK,
          pins,
          onApprove: async () => {
            Object.assign(server.definitions.pay as JsonObject, { description: 'Pays twice' });
            server.latest().say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
            await toolkit.reconnect('s');
            return true;
          },
        },
      );
      expect(await failure(toolkit.callTool('s.pay'))).toMatchObject({ code: 'tool_changed', executed: 'no' });
      expect(sentTo(server)).toEqual([]);
    }
  });

  test('of 1 000 calls at once only those are sent that were agreed to, each with its own arguments', async () => {
    const server = bank();
    server.config.maxConcurrency = 16;
    const toolkit = await toolkitOf(
      { s: server },
      {
        ...ASK,
        limits: { maxQueue: 2_000 },
        onApprove: async ({ arguments: { n } }) => {
          for (let turn = 0; turn < (n as number) % 7; turn += 1) await new Promise(setImmediate);
          return (n as number) % 3 === 0;
        },
      },
    );
    const given = Array.from({ length: 1_000 }, (_, n) => ({ n }));
    const calls = given.map((args) => toolkit.callTool('s.pay', args));
    for (const args of given) args.n = -1;
    const outcomes = await Promise.allSettled(calls);
    const sent = sentTo(server).map(({ n }) => n as number);
    expect(sent.sort((one, other) => one - other)).toEqual(given.map((_, n) => n).filter((n) => n % 3 === 0));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(sent.length);
  });

  test('calls of one batch are judged one by one', async () => {
    const server = bank();
    const toolkit = await toolkitOf({ s: server }, { ...ASK, onApprove: ({ arguments: { n } }) => n === 2 });
    const calls = [1, 2, 3].map((n) => ({ name: 's.pay', arguments: { n } }));
    const outcomes = await toolkit.batch(calls);
    expect(outcomes.map(({ success, error }) => error?.code ?? success)).toEqual(['denied', true, 'denied']);
    expect(sentTo(server)).toEqual([{ n: 2 }]);
  });
});

describe('whoever is asked', () => {
  test('hears which call of which tool it is, and why it is asked', async () => {
    const server = bank();
    server.config.trustHints = true;
    const rules = [{ server: 's', tool: 'pa*', action: 'ask', reason: 'money leaves the house' }] as const;
    const requests: ApprovalRequest[] = [];
    const contexts: unknown[] = [];
    const toolkit = await toolkitOf(
      { s: server },
      {
        policy: { rules },
        onApprove: (request, { signal, ...context }) => {
          requests.push(request);
          contexts.push(context, signal.aborted);
          return true;
        },
      },
    );
    await toolkit.callTool('s.pay', { to: 'a' });
    await toolkit.callTool('s.read');
    expect(requests).toEqual([
      {
        id: expect.stringMatching(/^c/),
        server: 's',
        tool: 'pay',
        title: 'Pay',
        definition: expect.objectContaining({ name: 'pay', description: 'Pays' }),
        arguments: { to: 'a' },
        annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
        reason: 'money leaves the house',
        timeoutMs: 300_000,
        standing: { rule: 'rule 1 of the policy', launch: undefined },
      },
    ]);
    expect(contexts).toEqual([{ server: 's', scope: '', call: { id: requests[0]?.id, tool: 'pay' } }, false]);
  });

  test('is the handler of the server where it has one', async () => {
    const strict = bank();
    strict.config.onApprove = () => false;
    const toolkit = await toolkitOf({ strict, other: bank() }, { ...ASK, onApprove: () => true });
    expect((await failure(toolkit.callTool('strict.pay'))).code).toBe('denied');
    expect(await toolkit.callTool('other.pay')).toMatchObject(text('paid'));
  });

  test('is shown how the definition changed, where changes are let through', async () => {
    const server = bank();
    const diffs: unknown[] = [];
    const toolkit = await toolkitOf(
      { s: server },
      { ...ASK, pins: 'warn', onApprove: ({ diff }) => diffs.push(diff) > 0 },
    );
    await toolkit.callTool('s.pay');
    Object.assign(server.definitions.pay as JsonObject, { description: 'Pays twice' });
    await toolkit.reconnect('s');
    await toolkit.callTool('s.pay');
    expect(diffs).toEqual([undefined, [{ path: '/description', before: '"Pays"', after: '"Pays twice"' }]]);
  });

  test('is not asked for a call whose arguments do not fit, or whose tool changed', async () => {
    const server = bank();
    Object.assign(server.definitions.pay as JsonObject, { inputSchema: { type: 'object', required: ['to'] } });
    const asked = vi.fn(() => true);
    const toolkit = await toolkitOf({ s: server }, { ...ASK, onApprove: asked });
    expect((await failure(toolkit.callTool('s.pay'))).code).toBe('invalid_arguments');
    Object.assign(server.definitions.pay as JsonObject, { title: 'Other' });
    await toolkit.reconnect('s');
    expect((await failure(toolkit.callTool('s.pay', { to: 'a' }))).code).toBe('tool_changed');
    expect(asked).not.toHaveBeenCalled();
  });

  test('there being nobody, the call is denied at once', async () => {
    const server = bank();
    const toolkit = await toolkitOf({ s: server }, ASK);
    const error = await failure(toolkit.callTool('s.pay'));
    expect(error).toMatchObject({ code: 'denied', executed: 'no', server: 's', tool: 'pay' });
    expect(error.message).toBe(
      's.pay: the default of the policy asks for approval, and there is no onApprove to give it',
    );
    expect(sentTo(server)).toEqual([]);
  });

  test.each<[string, () => unknown]>([
    ['says no', () => false],
    ['says no, with a reason', () => ({ approved: false, reason: 'too much' })],
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['answers nothing', () => undefined],
    ['answers null', () => null],
    ['answers 1', () => 1],
    ['answers "yes"', () => 'yes'],
    ['answers an object that does not say', () => ({ approve: true })],
    ['answers an object that says it in another way', () => ({ approved: 'true' })],
  ])('a handler that %s gets the call denied', async (_what, answer) => {
    const server = bank();
    const toolkit = await toolkitOf({ s: server }, { ...ASK, onApprove: answer as () => ApprovalAnswer });
    expect(await failure(toolkit.callTool('s.pay'))).toMatchObject({ code: 'denied', executed: 'no' });
    expect(sentTo(server)).toEqual([]);
  });

  test('may give a reason, which the caller reads', async () => {
    const toolkit = await toolkitOf(
      { s: bank() },
      { ...ASK, onApprove: () => ({ approved: false, reason: 'too much' }) },
    );
    expect((await failure(toolkit.callTool('s.pay'))).message).toBe('s.pay: the call was not approved: too much');
  });
});

describe('rules', () => {
  test('a denied call is told which rule denies it, and why', async () => {
    const server = bank();
    const policy = { default: 'deny', rules: [{ tool: 'pay', action: 'deny', reason: 'no money' }] } as const;
    const toolkit = await toolkitOf({ s: server }, { policy });
    expect((await failure(toolkit.callTool('s.pay'))).message).toBe('s.pay: denied by rule 1 of the policy: no money');
    expect((await failure(toolkit.callTool('s.read'))).message).toBe('s.read: denied by the default of the policy');
    expect(sentTo(server)).toEqual([]);
  });

  test('an answer that is kept does not slip past a refusal', async () => {
    const server = bank();
    server.config.cache = { tools: ['read'] };
    let deny = false;
    const toolkit = await toolkitOf({ s: server }, { ...ASK, onApprove: () => !deny });
    await toolkit.callTool('s.read', { n: 1 });
    deny = true;
    expect((await failure(toolkit.callTool('s.read', { n: 1 }))).code).toBe('denied');
  });

  test('a wrong policy makes no toolkit, and says where it is wrong and what was probably meant', async () => {
    const policy = { defualt: 'ask', rules: [{ tool: 'a', arguments: { p: { startWith: '/' } }, action: 'alow' }] };
    const error = await failure(toolkitOf({}, { policy: policy as never, pins: 'blok' as never }));
    expect(error.code).toBe('invalid_config');
    expect(error.problems).toEqual([
      { path: '/pins', message: 'must be one of block, warn, off' },
      { path: '/policy/defualt', message: 'is not known; did you mean default?' },
      { path: '/policy/rules/0/arguments/p/startWith', message: 'is not known; did you mean startsWith?' },
      { path: '/policy/rules/0/action', message: 'must be one of allow, ask, deny' },
    ]);
  });

  test('a server that says that its tools are harmless is believed where the operator trusts it, and nowhere else', async () => {
    const harmless = { annotations: { readOnlyHint: true, destructiveHint: false } };
    const [trusted, other] = [bank(), bank()];
    trusted.config.trustHints = true;
    for (const server of [trusted, other]) Object.assign(server.definitions.pay as JsonObject, harmless);
    const rules = [{ annotations: { destructiveHint: true }, action: 'deny' as const }];
    const toolkit = await toolkitOf({ trusted, other }, { policy: { rules } });
    expect(await toolkit.callTool('trusted.pay')).toMatchObject(text('paid'));
    expect((await failure(toolkit.callTool('other.pay'))).code).toBe('denied');
  });
});
