/** Approvals: how long somebody may take, and for what else an answer holds. */
import { describe, expect, test, vi } from 'vitest';
import type { ToolkitEvents } from '../../src/events.ts';
import type { ApprovalAnswer, ApprovalRequest } from '../../src/permission.ts';
import type { JsonObject } from '../../src/protocol/types.ts';
import { bank, sentTo } from '../fixtures/bank.ts';
import { clockedToolkitOf, failure, toolkitOf } from '../fixtures/toolkits.ts';

const ASK = { policy: { default: 'ask' } } as const;

const until = async (holds: () => boolean): Promise<void> => vi.waitFor(() => expect(holds()).toBe(true));

describe('the time that somebody takes', () => {
  test('is five minutes at most', async () => {
    const server = bank();
    const signals: AbortSignal[] = [];
    const { toolkit, clock } = await clockedToolkitOf(
      { s: server },
      { ...ASK, onApprove: (_request, { signal }) => new Promise(() => signals.push(signal)) },
    );
    const ended = failure(toolkit.callTool('s.pay'));
    await clock.advance(299_999);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await clock.advance(1);
    expect(await ended).toMatchObject({ code: 'approval_timeout', executed: 'no', limit: 300_000 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(sentTo(server)).toEqual([]);
  });

  test('being over, an answer comes too late, and is not remembered', async () => {
    const server = bank();
    const answers: ((answer: ApprovalAnswer) => void)[] = [];
    const { toolkit, clock } = await clockedToolkitOf(
      { s: server },
      { ...ASK, onApprove: () => new Promise<ApprovalAnswer>((resolve) => answers.push(resolve)) },
    );
    for (const time of [1, 2]) {
      const ended = failure(toolkit.callTool('s.pay', { to: 'a' }));
      await clock.advance(300_000);
      expect((await ended).code).toBe('approval_timeout');
      expect(answers).toHaveLength(time);
      answers.at(-1)?.({ approved: true, remember: 'tool' });
      await clock.settle();
    }
    expect(sentTo(server)).toEqual([]);
  });

  test('is what limits.approvalTimeoutMs says', async () => {
    const { toolkit, clock } = await clockedToolkitOf(
      { s: bank() },
      { ...ASK, limits: { approvalTimeoutMs: 50 }, onApprove: () => new Promise(() => {}) },
    );
    const ended = failure(toolkit.callTool('s.pay'));
    await clock.advance(50);
    expect(await ended).toMatchObject({ code: 'approval_timeout', limit: 50 });
  });

  test('is not the call’s: its own limits begin when it is over', async () => {
    const server = bank();
    server.tools.pay = () => undefined;
    let agree: (answer: boolean) => void = () => {};
    const { toolkit, clock } = await clockedToolkitOf(
      { s: server },
      {
        ...ASK,
        onApprove: () =>
          new Promise<boolean>((resolve) => {
            agree = resolve;
          }),
      },
    );
    let error: unknown;
    const ended = failure(toolkit.callTool('s.pay', {}, { timeoutMs: 1_000, totalTimeoutMs: 2_000 })).then((told) => {
      error = told;
    });
    await clock.advance(200_000);
    expect(error).toBeUndefined();
    agree(true);
    await clock.settle();
    expect(sentTo(server)).toHaveLength(1);
    await clock.advance(999);
    expect(error).toBeUndefined();
    await clock.advance(1);
    await ended;
    expect(error).toMatchObject({ code: 'timeout', executed: 'unknown', limit: 1_000 });
  });

  test('ends when the caller cancels, and the handler is told', async () => {
    const server = bank();
    const signals: AbortSignal[] = [];
    let agree: (answer: boolean) => void = () => {};
    const toolkit = await toolkitOf(
      { s: server },
      {
        ...ASK,
        onApprove: (_request, { signal }) => {
          signals.push(signal);
          return new Promise<boolean>((resolve) => {
            agree = resolve;
          });
        },
      },
    );
    const controller = new AbortController();
    const byCaller = failure(toolkit.callTool('s.pay', {}, { signal: controller.signal }));
    await until(() => signals.length === 1);
    controller.abort();
    agree(true);
    expect(await byCaller).toMatchObject({ code: 'cancelled', executed: 'no' });
    const byId = failure(toolkit.callTool('s.pay'));
    await until(() => signals.length === 2);
    expect(toolkit.cancel(toolkit.calls()[0]?.id ?? '')).toBe(true);
    expect(await byId).toMatchObject({ code: 'cancelled', executed: 'no' });
    const before = failure(toolkit.callTool('s.pay', {}, { signal: AbortSignal.abort() }));
    expect(await before).toMatchObject({ code: 'cancelled', executed: 'no' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(sentTo(server)).toEqual([]);
  });

  test('ends when the toolkit is closed', async () => {
    const server = bank();
    let asked = false;
    const toolkit = await toolkitOf(
      { s: server },
      {
        ...ASK,
        onApprove: () => {
          asked = true;
          return new Promise<boolean>(() => {});
        },
      },
    );
    const ended = failure(toolkit.callTool('s.pay'));
    await until(() => asked);
    await toolkit.close({ drainMs: 0 });
    expect(await ended).toMatchObject({ code: 'closed', executed: 'no' });
  });
});

describe('an answer that is to be remembered', () => {
  const asking = async (remember: boolean | 'tool', approved = true) => {
    const server = bank();
    const asked = vi.fn((_request: ApprovalRequest) => ({ approved, remember, reason: 'always so' }));
    const toolkit = await toolkitOf({ s: server }, { ...ASK, pins: 'warn', onApprove: asked });
    return { server, asked, toolkit };
  };

  test('with true holds for the same arguments, whatever the order of their keys', async () => {
    const { asked, toolkit } = await asking(true);
    await toolkit.callTool('s.pay', { to: 'a', n: 1 });
    await toolkit.callTool('s.pay', { n: 1, to: 'a' });
    expect(asked).toHaveBeenCalledTimes(1);
    await toolkit.callTool('s.pay', { n: 2, to: 'a' });
    await toolkit.callTool('s.read', { n: 1, to: 'a' });
    expect(asked).toHaveBeenCalledTimes(3);
  });
  test('with tool holds for any arguments of that tool', async () => {
    const { asked, toolkit } = await asking('tool');
    for (const n of [1, 2, 3]) await toolkit.callTool('s.pay', { n });
    expect(asked).toHaveBeenCalledTimes(1);
    await toolkit.callTool('s.read');
    expect(asked).toHaveBeenCalledTimes(2);
  });
  test('holds for a refusal as well', async () => {
    const { asked, toolkit } = await asking('tool', false);
    for (const n of [1, 2]) expect((await failure(toolkit.callTool('s.pay', { n }))).message).toContain('always so');
    expect(asked).toHaveBeenCalledTimes(1);
  });
  test('holds for nobody else', async () => {
    const { asked, toolkit } = await asking('tool');
    for (const principal of ['a', 'b', undefined, 'a']) await toolkit.callTool('s.pay', {}, { principal });
    expect(asked).toHaveBeenCalledTimes(3);
  });
  test('holds for the rule that asked: another rule asks anew', async () => {
    const server = bank();
    const reasons: string[] = [];
    const rules = [{ arguments: { n: { greaterThan: 100 } }, action: 'ask' as const, reason: 'it is much' }];
    const toolkit = await toolkitOf(
      { s: server },
      {
        policy: { default: 'ask', rules },
        onApprove: ({ reason }) => ({ approved: reasons.push(reason) > 0, remember: 'tool' }),
      },
    );
    for (const n of [1, 2, 1_000, 2_000, 3]) await toolkit.callTool('s.pay', { n });
    expect(reasons).toEqual(['the default of the policy', 'it is much']);
  });
  test('holds until the definition changes', async () => {
    const { server, asked, toolkit } = await asking('tool');
    await toolkit.callTool('s.pay');
    await toolkit.reconnect('s');
    await toolkit.callTool('s.pay');
    expect(asked).toHaveBeenCalledTimes(1);
    Object.assign(server.definitions.pay as JsonObject, { title: 'Other' });
    await toolkit.reconnect('s');
    await toolkit.callTool('s.pay');
    expect(asked).toHaveBeenCalledTimes(2);
  });
  test('does not hold for another server that takes the name', async () => {
    const { server, asked, toolkit } = await asking('tool');
    await toolkit.callTool('s.pay');
    await toolkit.removeServer('s');
    await toolkit.addServer('s', { ...server.config });
    await toolkit.callTool('s.pay');
    expect(asked).toHaveBeenCalledTimes(2);
  });
});

test('what is asked and what is answered are events', async () => {
  const server = bank();
  const heard: [string, Partial<ToolkitEvents['approval_resolved']>][] = [];
  const answers: (() => ApprovalAnswer)[] = [
    () => ({ approved: true, remember: true }),
    () => ({ approved: false, reason: 'too much' }),
    () => {
      throw new Error('broken');
    },
  ];
  const toolkit = await toolkitOf({ s: server }, { ...ASK, onApprove: () => answers.shift()?.() ?? false });
  toolkit.on('approval_requested', ({ server: at, tool, arguments: args, reason, timeoutMs }) =>
    heard.push(['requested', { server: at, tool, args, reason, timeoutMs } as never]),
  );
  toolkit.on('approval_resolved', ({ approved, by, reason }) => heard.push(['resolved', { approved, by, reason }]));
  for (const n of [1, 1, 2, 3]) await toolkit.callTool('s.pay', { n }).catch(() => {});
  const requested = (n: number) => [
    'requested',
    { server: 's', tool: 'pay', args: { n }, reason: 'the default of the policy', timeoutMs: 300_000 },
  ];
  expect(heard).toEqual([
    requested(1),
    ['resolved', { approved: true, by: 'handler', reason: undefined }],
    ['resolved', { approved: true, by: 'remembered', reason: undefined }],
    requested(2),
    ['resolved', { approved: false, by: 'handler', reason: 'too much' }],
    requested(3),
    ['resolved', { approved: false, by: 'error', reason: 'the approval handler failed' }],
  ]);
});
