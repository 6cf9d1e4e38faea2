import { describe, expect, test } from 'vitest';
import { named, plugServer, said } from '../../test/fixtures/calls.ts';
import { text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, toolkitOf } from '../../test/fixtures/toolkits.ts';

const world = () =>
  toolkitOf({
    s: plugServer({
      ok: () => text('fine'),
      sad: () => ({ ...text('no such file'), isError: true }),
      broken: () => ({ error: { code: -32000, message: 'no' } }),
    }),
  });

describe('tryCall', () => {
  test('tells the result, who gave it, how often it was tried and how long it took', async () => {
    const { toolkit, clock } = await clockedToolkitOf({
      s: plugServer({ slow: () => undefined }),
    });
    await toolkit.batch([]);
    const outcome = toolkit.tryCall('s.slow', {}, { timeoutMs: 250 });
    await clock.advance(250);
    expect(await outcome).toMatchObject({ success: false, durationMs: 250, attempts: 1, error: { code: 'timeout' } });
    const done = await (await world()).tryCall('s.ok');
    expect(done).toEqual({
      success: true,
      result: text('fine'),
      serverUsed: 's',
      attempts: 1,
      durationMs: expect.any(Number),
      cached: false,
    });
  });

  test('an error that the tool itself reports is a success: it is the answer', async () => {
    const outcome = await (await world()).tryCall('s.sad');
    expect(outcome).toMatchObject({ success: true, serverUsed: 's', result: { isError: true } });
  });

  test('counts every sending, also those that a step of the road added', async () => {
    const toolkit = await world();
    toolkit.use((next) => (call) => {
      call.attempt = 3;
      call.cached = true;
      return next(call);
    });
    expect(await toolkit.tryCall('s.ok')).toMatchObject({ attempts: 3, cached: true });
  });

  test('never rejects, whatever is wrong', async () => {
    const toolkit = await world();
    const codeOf = async (...given: unknown[]) => {
      const outcome = await (toolkit.tryCall as (...given: unknown[]) => ReturnType<typeof toolkit.tryCall>)(...given);
      expect(outcome).toMatchObject({ success: false, serverUsed: undefined, cached: false });
      return [outcome.error?.code, outcome.error?.executed, outcome.attempts];
    };
    expect(await codeOf('s.broken')).toEqual(['server_error', 'unknown', 1]);
    expect(await codeOf('s.none')).toEqual(['unknown_tool', 'no', 1]);
    expect(await codeOf('none.ok')).toEqual(['unknown_tool', 'no', 0]);
    expect(await codeOf(5)).toEqual(['unknown_tool', 'no', 0]);
    expect(await codeOf('s.ok', null)).toEqual(['invalid_arguments', 'no', 0]);
    expect(await codeOf('s.ok', 'text')).toEqual(['invalid_arguments', 'no', 0]);
    expect(await codeOf('s.ok', {}, { fallback: 5 })).toEqual(['invalid_arguments', 'no', 0]);
    expect(await codeOf('s.ok', {}, { signal: AbortSignal.abort() })).toEqual(['cancelled', 'no', 1]);
    expect(await codeOf('s.ok', {}, null)).toEqual(['invalid_arguments', 'no', 0]);
    await toolkit.close();
    expect(await codeOf('s.ok')).toEqual(['closed', 'no', 0]);
  });
});

describe('broadcast', () => {
  test('calls every server that lists the tool, and tells the outcomes by server', async () => {
    const toolkit = await toolkitOf({
      a: named('a'),
      other: plugServer({ something: () => text('') }),
      b: named('b'),
      sad: plugServer({ who: () => ({ error: { code: -32000, message: 'no' } }) }),
    });
    const outcomes = await toolkit.broadcast('who');
    expect(Object.keys(outcomes)).toEqual(['a', 'b', 'sad']);
    expect([said(outcomes.a?.result), said(outcomes.b?.result)]).toEqual(['a', 'b']);
    expect(outcomes.sad).toMatchObject({ success: false, error: { code: 'server_error', server: 'sad' } });
    expect(await toolkit.broadcast('nobody has it')).toEqual({});
  });

  test('a server that was lost has its error at once, and those that were never reached are not among them', async () => {
    const [a, gone] = [named('a'), named('gone')];
    const toolkit = await toolkitOf({ a, gone, never: plugServer({ who: () => text('') }, {}, { plugged: false }) });
    gone.unplug();
    const outcomes = await toolkit.broadcast('who');
    expect(Object.keys(outcomes)).toEqual(['a', 'gone']);
    expect(outcomes.gone).toMatchObject({
      success: false,
      attempts: 0,
      error: { code: 'not_connected', executed: 'no', server: 'gone', tool: 'who' },
    });
  });

  test('waits for servers in their first attempt', async () => {
    const toolkit = await toolkitOf({ a: named('a'), b: named('b') }, { connect: 'lazy' });
    expect(Object.keys(await toolkit.broadcast('who'))).toEqual(['a', 'b']);
  });

  test('nobody of a group answers for another one', async () => {
    const [a, b] = [named('a', { group: 'g' }), named('b', { group: 'g' })];
    const toolkit = await toolkitOf({ a, b });
    a.unplug();
    const outcomes = await toolkit.broadcast('who');
    expect([outcomes.a?.success, outcomes.b?.serverUsed, b.had()]).toEqual([false, 'b', [{}]]);
  });

  test('has no more servers under way than it is allowed', async () => {
    let [now, most] = [0, 0];
    const slow = () =>
      plugServer({
        who: () => {
          now += 1;
          most = Math.max(most, now);
          return text('');
        },
      });
    const toolkit = await toolkitOf({ a: slow(), b: slow(), c: slow(), d: slow() });
    toolkit.on('tool_call_success', () => {
      now -= 1;
    });
    await toolkit.broadcast('who', {}, { concurrency: 2 });
    expect([now, most]).toEqual([0, 2]);
    await expect(toolkit.broadcast('who', {}, { concurrency: 0 })).rejects.toMatchObject({ code: 'invalid_arguments' });
  });
});
