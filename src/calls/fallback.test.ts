import { describe, expect, test, vi } from 'vitest';
import { doubtful, gated, named, type PlugServer, plugServer, said } from '../../test/fixtures/calls.ts';
import { text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure, toolkitOf } from '../../test/fixtures/toolkits.ts';
import { ToolwayError } from '../errors.ts';
import type { FailedCall } from '../options.ts';

const refusing = (code: 'backpressure' | 'denied' | 'approval_timeout' | 'internal') => (next: unknown) => {
  void next;
  return () => Promise.reject(new ToolwayError(code, `it is ${code}`, { executed: 'no' }));
};

describe('T28: a call that another server may take', () => {
  test('falls over where the first server cannot have run it, and not where nobody knows', async () => {
    const [a, b] = [doubtful(), named('b')];
    const toolkit = await toolkitOf({ a, b });
    const unknown = await failure(toolkit.callTool('a.who', {}, { fallback: ['b'] }));
    expect(unknown).toMatchObject({ code: 'outcome_unknown', executed: 'unknown', server: 'a' });
    expect([a.had().length, b.had().length]).toEqual([1, 0]);
    expect(said(await toolkit.callTool('a.who', {}, { fallback: ['b'] }))).toBe('b');
    expect([a.had().length, b.had().length]).toEqual([1, 1]);
  });

  test('falls over in doubt where both tools may run twice, and only there', async () => {
    const safe = { retrySafe: ['who'], retry: false as const };
    const told = async (first: object, second: object) => {
      const [a, b] = [doubtful(first), named('b', second)];
      const toolkit = await toolkitOf({ a, b });
      const { error, result } = await toolkit.tryCall('a.who', {}, { fallback: ['b'] });
      return [error?.code ?? said(result), b.had().length];
    };
    expect(await told(safe, safe)).toEqual(['b', 1]);
    expect(await told(safe, {})).toEqual(['outcome_unknown', 0]);
    expect(await told({ retry: false }, safe)).toEqual(['outcome_unknown', 0]);
  });
});

describe('a call with a fallback', () => {
  test('is answered by its own server while that one can', async () => {
    const [a, b] = [named('a'), named('b')];
    const toolkit = await toolkitOf({ a, b });
    expect(said(await toolkit.callTool('a.who', {}, { fallback: ['b'] }))).toBe('a');
    expect(b.had()).toEqual([]);
  });

  test('goes at once to the next server that is connected, by its name or by the name of a tool there', async () => {
    const c = plugServer({ someone: () => text('c') });
    const [a, b] = [named('a'), named('b')];
    const toolkit = await toolkitOf({ a, b, c });
    a.unplug();
    expect(said(await toolkit.callTool('a.who', {}, { fallback: 'b' }))).toBe('b');
    expect(said(await toolkit.callTool('a.who', {}, { fallback: ['c.someone', 'b'] }))).toBe('c');
    b.unplug();
    expect(said(await toolkit.callTool('a.who', {}, { fallback: ['b', 'c__someone'] }))).toBe('c');
    const outcome = await toolkit.tryCall('a.who', {}, { fallback: ['b', 'c.someone'] });
    expect(outcome).toMatchObject({ success: true, serverUsed: 'c', attempts: 1 });
  });

  test('hints make a tool safe only where the operator trusts them', async () => {
    const told = async (config: object) => {
      const [a, b] = [doubtful({ retry: false, ...config }), named('b', config)];
      for (const each of [a, b]) each.definitions.who = { annotations: { readOnlyHint: true } };
      const toolkit = await toolkitOf({ a, b });
      return (await toolkit.tryCall('a.who', {}, { fallback: ['b'] })).serverUsed;
    };
    expect([await told({}), await told({ trustHints: true })]).toEqual([undefined, 'b']);
  });

  test('a task that a server made of its call may be at work still: not even a safe tool is run elsewhere', async () => {
    const safe = { retrySafe: ['who'], retry: false as const };
    const [a, b] = [named('a', safe), named('b', safe)];
    const toolkit = await toolkitOf({ a, b });
    toolkit.use((next) => async (call) => {
      if (call.server !== 'a') return next(call);
      throw new ToolwayError('outcome_unknown', 'lost', { executed: 'unknown', taskId: 't' });
    });
    expect(await failure(toolkit.callTool('a.who', {}, { fallback: ['b'] }))).toMatchObject({ taskId: 't' });
    expect(b.had()).toEqual([]);
  });

  test('nor is a tool whose every call is a task, where nobody knows whether one was made', async () => {
    const safe = { retrySafe: ['who'], retry: false as const };
    const [a, b] = [doubtful(safe), named('b', safe)];
    a.definitions.who = { execution: { taskSupport: 'required' } };
    const toolkit = await toolkitOf({ a, b });
    expect(await failure(toolkit.callTool('a.who', {}, { fallback: ['b'] }))).toMatchObject({ executed: 'unknown' });
    expect([a.had().length, b.had().length]).toEqual([1, 0]);
  });

  test('an error that the tool reports, or the server answers with, is an answer: nobody else is asked', async () => {
    const a = plugServer({
      who: () => ({ ...text('no'), isError: true }),
      broken: () => ({ error: { code: -32000, message: 'no' } }),
    });
    const b = plugServer({ who: () => text('b'), broken: () => text('b') });
    const toolkit = await toolkitOf({ a, b });
    expect(await toolkit.callTool('a.who', {}, { fallback: ['b'] })).toMatchObject({ isError: true });
    expect(await failure(toolkit.callTool('a.broken', {}, { fallback: ['b'] }))).toMatchObject({
      code: 'server_error',
    });
    expect(b.had()).toEqual([]);
  });

  test('what a person or a policy refused is not taken elsewhere', async () => {
    for (const code of ['denied', 'approval_timeout'] as const) {
      const [a, b] = [named('a'), named('b')];
      const toolkit = await toolkitOf({ a, b });
      toolkit.use((next) => (call) => (call.server === 'a' ? refusing(code)(next)() : next(call)));
      expect(await failure(toolkit.callTool('a.who', {}, { fallback: ['b'] }))).toMatchObject({ code, server: 'a' });
      expect(b.had()).toEqual([]);
    }
  });

  test('each try is judged by the policy for itself', async () => {
    const [a, b, c] = [named('a'), named('b'), named('c')];
    const toolkit = await toolkitOf({ a, b, c }, { policy: { rules: [{ server: 'b', tool: '*', action: 'deny' }] } });
    a.unplug();
    const error = await failure(toolkit.callTool('a.who', {}, { fallback: ['b', 'c'] }));
    expect(error).toMatchObject({ code: 'denied', executed: 'no', server: 'b' });
    expect((error.cause as AggregateError).errors.map(({ code }) => code)).toEqual(['not_connected', 'denied']);
    expect(said(await toolkit.callTool('a.who', {}, { fallback: ['c'] }))).toBe('c');
    expect(await failure(toolkit.callTool('b.who', {}, { fallback: ['c'] }))).toMatchObject({ code: 'denied' });
    expect([b.had().length, c.had().length]).toEqual([0, 1]);
  });

  test('arguments that the first server refuses may fit the next one, which checks them itself', async () => {
    const [a, b, c] = [named('a'), named('b'), named('c')];
    for (const [server, type] of [
      [a, 'string'],
      [b, 'boolean'],
      [c, 'number'],
    ] as const) {
      server.definitions.who = { inputSchema: { type: 'object', properties: { n: { type } } } };
    }
    const toolkit = await toolkitOf({ a, b, c });
    expect(said(await toolkit.callTool('a.who', { n: 1 }, { fallback: ['b', 'c'] }))).toBe('c');
    expect([a, b, c].map((server) => server.had().length)).toEqual([0, 0, 1]);
    const error = await failure(toolkit.callTool('a.who', { n: {} }, { fallback: ['b'] }));
    expect(error).toMatchObject({ code: 'invalid_arguments', problems: [{ path: '/n' }] });
  });

  test('names that lead nowhere are failures like others', async () => {
    const toolkit = await toolkitOf({ a: named('a'), b: named('b') });
    expect(said(await toolkit.callTool('gone.who', {}, { fallback: ['b'] }))).toBe('b');
    expect(said(await toolkit.callTool('who', {}, { fallback: ['nobody', 'b'] }))).toBe('b');
    const error = await failure(toolkit.callTool('gone.who', {}, { fallback: ['nobody', 'b.none'] }));
    expect(error).toMatchObject({ code: 'unknown_tool', executed: 'no' });
    expect((error.cause as AggregateError).errors.map(({ code }) => code)).toEqual([
      'unknown_tool',
      'unknown_server',
      'unknown_tool',
    ]);
  });

  test('when all fail, the error is the first one that leaves most doubt, and lists each with server and code', async () => {
    const [a, b, c] = [named('a'), doubtful(), named('c')];
    const toolkit = await toolkitOf({ a, b, c });
    a.unplug();
    const error = await failure(toolkit.callTool('a.who', {}, { fallback: ['b', 'c'] }));
    expect(error).toMatchObject({ code: 'outcome_unknown', executed: 'unknown', server: 'b', tool: 'who' });
    expect(error.cause).toBeInstanceOf(AggregateError);
    expect((error.cause as AggregateError).errors).toMatchObject([
      { code: 'not_connected', server: 'a', tool: 'who', executed: 'no' },
      { code: 'outcome_unknown', server: 'b' },
    ]);
    expect(error.message).toContain('not_connected (a.who: ');
    expect(error.message).toContain('outcome_unknown (b.who: ');
    expect(c.had()).toEqual([]);
  });

  test('tries no server twice', async () => {
    const [a, b] = [named('a'), named('b')];
    const toolkit = await toolkitOf({ a, b });
    a.unplug();
    b.unplug();
    const error = await failure(toolkit.callTool('a.who', {}, { fallback: ['a', 'b', 'b.who', 'a__who'] }));
    expect((error.cause as AggregateError).errors.map(({ server }) => server)).toEqual(['a', 'b']);
  });

  test('waits for nobody that was lost, and fails at once when that is everybody', async () => {
    const [a, b] = [named('a'), named('b')];
    const { toolkit, clock } = await clockedToolkitOf({ a, b });
    a.unplug();
    b.unplug();
    await clock.settle();
    const error = await failure(toolkit.callTool('a.who', {}, { fallback: ['b'] }));
    expect(error).toMatchObject({ code: 'not_connected', executed: 'no', server: 'a' });
    expect((error.cause as AggregateError).errors.map(({ server }) => server)).toEqual(['a', 'b']);
    expect(clock.now()).toBe(0);
  });

  test('waits for servers of which nothing is known yet, as bare names do', async () => {
    const [a, b] = [named('a'), named('b')];
    const toolkit = await toolkitOf({ a, b }, { connect: 'lazy' });
    expect(said(await toolkit.callTool('a.who', {}, { fallback: ['b'] }))).toBe('a');
    const dead = plugServer({ who: () => text('') }, {}, { plugged: false });
    const other = await toolkitOf({ dead, b: named('b') }, { connect: 'lazy' });
    expect(said(await other.callTool('dead.who', {}, { fallback: ['b'] }))).toBe('b');
  });

  test('leaves the line of a server whose connection is lost meanwhile', async () => {
    const { server, open } = gated();
    server.config.maxConcurrency = 1;
    const b = plugServer({ wait: () => text('b') });
    const toolkit = await toolkitOf({ a: server, b });
    const first = failure(toolkit.callTool('a.wait'));
    const second = toolkit.callTool('a.wait', {}, { fallback: ['b'] });
    await vi.waitFor(() => expect([open.length, toolkit.status().a?.queued]).toEqual([1, 1]));
    server.unplug();
    expect(said(await second)).toBe('b');
    expect(await first).toMatchObject({ code: 'outcome_unknown' });
  });

  test('has one end, however many servers are tried', async () => {
    const safe = { retrySafe: ['wait'], retry: false as const };
    const [a, b, c] = ['a', 'b', 'c'].map(() => plugServer({ wait: () => undefined }, safe)) as [
      PlugServer,
      PlugServer,
      PlugServer,
    ];
    const { toolkit, clock } = await clockedToolkitOf({ a, b, c, other: named('other') });
    await toolkit.tryCall('other.who', {}, { fallback: () => text('') as never });
    const limits = { timeoutMs: 1_000, totalTimeoutMs: 1_500 };
    const ended = failure(toolkit.callTool('a.wait', {}, { ...limits, fallback: ['b', 'c'] }));
    await clock.advance(1_499);
    expect([a, b, c].map((server) => server.had().length)).toEqual([1, 1, 0]);
    await clock.advance(1);
    expect(await ended).toMatchObject({ code: 'timeout', executed: 'unknown' });
    expect(c.had()).toEqual([]);
  });

  test('that is cancelled in the middle of a try ends there', async () => {
    const [a, b, c] = [named('a'), plugServer({ who: () => undefined }), named('c')];
    const toolkit = await toolkitOf({ a, b, c });
    a.unplug();
    const controller = new AbortController();
    const fallback = ['b', 'c', vi.fn()];
    const ended = failure(toolkit.callTool('a.who', {}, { fallback, signal: controller.signal }));
    await vi.waitFor(() => expect(b.had()).toHaveLength(1));
    controller.abort();
    expect(await ended).toMatchObject({ code: 'cancelled', executed: 'unknown', server: 'b' });
    expect([c.had(), vi.mocked(fallback[2] as () => void).mock.calls]).toEqual([[], []]);
  });

  test('each try is a call of its own, seen as such', async () => {
    const [a, b] = [named('a'), named('b')];
    const toolkit = await toolkitOf({ a, b });
    toolkit.use((next) => (call) => (call.server === 'a' ? refusing('backpressure')(next)() : next(call)));
    const heard: string[] = [];
    toolkit.on('tool_call_error', ({ server, error }) => void heard.push(`${server} ${error.code}`));
    toolkit.on('tool_call_success', ({ server }) => void heard.push(`${server} ok`));
    expect(await toolkit.tryCall('a.who', {}, { fallback: ['b'] })).toMatchObject({ serverUsed: 'b', attempts: 2 });
    expect(heard).toEqual(['a backpressure', 'b ok']);
  });

  test('refuses what can neither be called nor looked up', async () => {
    const toolkit = await toolkitOf({ a: named('a') });
    for (const fallback of [5, [null], { b: 1 }] as never[]) {
      expect(await failure(toolkit.callTool('a.who', {}, { fallback }))).toMatchObject({ code: 'invalid_arguments' });
    }
  });
});

describe('a fallback function', () => {
  const world = async () => {
    const a = plugServer({
      who: () => text('a'),
      sad: () => ({ ...text('no'), isError: true }),
      broken: () => ({ error: { code: -32000, message: 'no' } }),
      silent: () => undefined,
    });
    return { a, toolkit: await toolkitOf({ a, b: named('b') }) };
  };
  const kept = vi.fn((_call: FailedCall, _error: ToolwayError) => text('kept') as { content: [] });

  test('gives the result where the call failed, and is told what failed and why', async () => {
    const { toolkit } = await world();
    const wanted = { fallback: kept, principal: 'ada' };
    const outcome = await toolkit.tryCall('a.broken', { n: 1 }, wanted);
    expect(outcome).toMatchObject({ success: true, result: text('kept'), serverUsed: undefined, attempts: 1 });
    expect(kept).toHaveBeenLastCalledWith(
      {
        name: 'a.broken',
        arguments: { n: 1 },
        server: 'a',
        tool: 'broken',
        principal: 'ada',
        signal: expect.any(AbortSignal),
      },
      expect.objectContaining({ code: 'server_error', server: 'a' }),
    );
  });

  test('is called for every failure but a refusal and the end that the caller made', async () => {
    const { toolkit, a } = await world();
    const resultOf = async (name: string, args: unknown = {}, more = {}) =>
      said((await toolkit.tryCall(name, args as Record<string, unknown>, { fallback: kept, ...more })).result);
    expect(await resultOf('a.silent', {}, { timeoutMs: 20 })).toBe('kept');
    expect(await resultOf('a.silent', {}, { totalTimeoutMs: 20 })).toBe('kept');
    expect(await resultOf('a.none')).toBe('kept');
    expect(await resultOf('none.none')).toBe('kept');
    expect(await resultOf('a.who', 'text')).toBe('kept');
    expect(await resultOf('a.who')).toBe('a');
    expect(await resultOf('a.sad')).toBe('no');
    const calls = kept.mock.calls.length;
    expect(await resultOf('a.who', {}, { signal: AbortSignal.abort() })).toBeUndefined();
    toolkit.use((next) => (call) => (call.toolName === 'who' ? refusing('denied')(next)() : next(call)));
    expect(await resultOf('a.who')).toBeUndefined();
    expect(kept).toHaveBeenCalledTimes(calls);
    a.unplug();
    expect(await resultOf('a.broken')).toBe('kept');
    await toolkit.close();
    expect(await resultOf('a.broken')).toBe('kept');
  });

  test('comes after the servers', async () => {
    const { toolkit, a } = await world();
    a.unplug();
    const fallback = [kept, 'b'];
    expect(said(await toolkit.callTool('a.who', {}, { fallback }))).toBe('b');
    expect(said(await toolkit.callTool('a.broken', {}, { fallback }))).toBe('kept');
  });

  test('that throws, or gives no result, is listed beside what failed before', async () => {
    const { toolkit } = await world();
    const throwing = (): never => {
      throw new TypeError('nothing kept');
    };
    const error = await failure(
      toolkit.callTool('a.broken', {}, { fallback: [throwing, () => undefined as never, async () => 'text' as never] }),
    );
    expect(error).toMatchObject({ code: 'server_error', server: 'a' });
    expect((error.cause as AggregateError).errors).toMatchObject([
      { code: 'server_error' },
      { code: 'internal', message: 'the fallback function failed: nothing kept' },
      { code: 'internal', message: expect.stringContaining('no result') },
      { code: 'internal' },
    ]);
  });

  test('has a time of its own, and is told when nobody waits any more', async () => {
    const a = plugServer({ wait: () => undefined });
    const { toolkit, clock } = await clockedToolkitOf({ a, other: named('other') });
    await toolkit.tryCall('other.who', {}, { fallback: () => text('') as never });
    let told: FailedCall | undefined;
    const never = (call: FailedCall): Promise<never> => {
      told = call;
      return new Promise(() => {});
    };
    const ended = failure(toolkit.callTool('a.wait', {}, { fallback: never, timeoutMs: 300, totalTimeoutMs: 400 }));
    await clock.advance(300);
    await vi.waitFor(() => expect(told?.signal.aborted).toBe(false));
    expect(toolkit.calls()).toHaveLength(1);
    await clock.advance(300);
    expect(await ended).toMatchObject({ code: 'timeout', executed: 'unknown' });
    expect([told?.signal.aborted, toolkit.calls()]).toEqual([true, []]);
  });
});
