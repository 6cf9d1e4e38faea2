import { afterEach, describe, expect, test, vi } from 'vitest';
import { principal } from '../../../test/fixtures/gateway-app.ts';
import { createHandClock } from '../../../test/fixtures/hand-clock.ts';
import { times } from '../../../test/fixtures/long.ts';
import { scriptedServer, text } from '../../../test/fixtures/scripted-server.ts';
import { ToolwayError } from '../../errors.ts';
import type { HandlerContext } from '../../handlers.ts';
import { createToolkit } from '../../index.ts';
import type { ToolkitOptions } from '../../options.ts';
import type { ApprovalRequest } from '../../permission.ts';
import { createDispatch } from '../dispatch.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { Records, Store } from '../store/store.ts';
import { type ApprovalsOptions, createApprovals } from './approvals.ts';
import { questionOf } from './shown.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const ann = principal('key:ann');
const boss = principal('key:boss', { may: ['approve'] });

/** A tool that costs something, behind a room of its own; `sent` are the keys of what arrived at the server. */
const worldOf = async (options: Partial<ApprovalsOptions> = {}, toolkitOptions: ToolkitOptions = {}) => {
  const sent: string[] = [];
  const server = scriptedServer({
    pay(args) {
      sent.push(String(args.key));
      return text('paid');
    },
  });
  const toolkit = await createToolkit({
    policy: { default: 'ask' },
    ...toolkitOptions,
    mcpServers: { s: server.config },
  });
  ends.push(() => toolkit.close({ drainMs: 0 }));
  const approvals = createApprovals({
    records: createMemoryStore().records,
    today: Date.now,
    closing: new AbortController().signal,
    ...options,
  });
  const dispatch = createDispatch({ toolkit, isolationOf: () => 'shared', approvals });
  const pay = (key: string, signal?: AbortSignal, who = ann) =>
    dispatch.callTool({ principal: who }, { server: 's', name: 'pay' }, { key }, signal && { signal }).then(
      () => 'paid' as const,
      (error: ToolwayError) => error,
    );
  return { server, toolkit, approvals, pay, sent };
};

const request: ApprovalRequest = {
  id: 'c1',
  server: 's',
  tool: 'pay',
  definition: { name: 'pay', inputSchema: { type: 'object' } },
  arguments: {},
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  reason: 'rule 1',
  timeoutMs: 1_000,
  standing: { rule: 'rule 1', launch: 'x' },
};
const contextOf = (signal = new AbortController().signal): HandlerContext => ({ server: 's', scope: '', signal });

test('whenever decisions, ends and callers that leave meet, nothing is sent that was not approved, and nothing twice', async () => {
  const rounds = times(10_000, 1_000);
  const { approvals, pay, sent } = await worldOf(
    { maxOpenEach: 5_000, maxOpen: 5_000 },
    { limits: { approvalTimeoutMs: 30 } },
  );
  const approved = new Map<string, number>();
  const outcomes = { paid: 0, denied: 0, approval_timeout: 0, cancelled: 0 } as Record<string, number>;
  const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
  const round = async (key: string): Promise<void> => {
    const leaving = new AbortController();
    const call = pay(key, leaving.signal);
    const decide = async (): Promise<void> => {
      for (let tries = 0; tries < 3; tries += 1) {
        await soon();
        const open = (await approvals.list('pending')).find(({ arguments: args }) => args.key === key);
        if (open === undefined) continue;
        const decision = Math.random() < 0.5 ? 'once' : 'deny';
        await approvals.decide(open.id, { by: boss, decision }).then(
          () => decision === 'once' && approved.set(key, (approved.get(key) ?? 0) + 1),
          ({ status }) => expect(status).toBe(409),
        );
        return;
      }
    };
    const deciding = Promise.all([decide(), decide()]);
    if (Math.random() < 0.4) void soon().then(() => leaving.abort());
    const outcome = await call;
    const name = typeof outcome === 'string' ? outcome : outcome.code;
    outcomes[name] = (outcomes[name] ?? 0) + 1;
    await deciding;
    // Whoever comes again with an approval that was left over uses it up; the second one never does.
    if (Math.random() < 0.3) await Promise.all([pay(key), pay(key)]);
  };
  for (let done = 0; done < rounds; done += 25)
    await Promise.all(Array.from({ length: 25 }, (_, n) => round(`key ${done + n}`)));

  const counts = new Map<string, number>();
  for (const key of sent) counts.set(key, (counts.get(key) ?? 0) + 1);
  const wrong = [...counts].filter(([key, count]) => count > (approved.get(key) ?? 0));
  expect(wrong).toEqual([]);
  // All of them were met.
  for (const name of ['paid', 'denied', 'approval_timeout', 'cancelled']) expect(outcomes[name]).toBeGreaterThan(10);
}, 120_000);

describe('a store that fails', () => {
  const failing = (broken: { now: boolean }): Records => {
    const { records }: Store = createMemoryStore();
    const full = new ToolwayError('internal', '/state/gateway.db: disk full');
    const orFail = <F extends (...given: never[]) => Promise<unknown>>(run: F): F =>
      ((...given: never[]) => (broken.now ? Promise.reject(full) : run(...given))) as F;
    return { ...records, put: orFail(records.put), update: orFail(records.update) };
  };

  test('lets nothing through that has to be asked, which is a failure and no refusal', async () => {
    const { pay, sent, approvals } = await worldOf({ records: failing({ now: true }) });
    expect(await pay('a')).toMatchObject({ code: 'internal', executed: 'no' });
    expect(sent).toEqual([]);
    expect(await approvals.list()).toEqual([]);
  });

  test('takes no decision that it cannot keep', async () => {
    const broken = { now: false };
    const { pay, sent, approvals } = await worldOf({ records: failing(broken) });
    const call = pay('a');
    await expect.poll(() => approvals.list('pending')).toHaveLength(1);
    const [{ id = '' } = {}] = await approvals.list('pending');
    broken.now = true;
    await expect(approvals.decide(id, { by: boss, decision: 'once' })).rejects.toThrow('disk full');
    expect(sent).toEqual([]);
    broken.now = false;
    await approvals.decide(id, { by: boss, decision: 'once' });
    expect(await call).toBe('paid');
  });
});

describe('the room', () => {
  test('holds so many approvals of one caller, and so many in all', async () => {
    const { pay, approvals } = await worldOf({ maxOpenEach: 2, maxOpen: 3 });
    const leaving = new AbortController();
    const calls = ['a', 'b'].map((key) => pay(key, leaving.signal));
    await expect.poll(() => approvals.list('pending')).toHaveLength(2);
    expect(await pay('c')).toMatchObject({ code: 'denied', message: expect.stringContaining('2 calls of one caller') });
    const other = pay('c', leaving.signal, principal('key:bob'));
    await expect.poll(() => approvals.list('pending')).toHaveLength(3);
    expect(await pay('d', undefined, principal('key:carl'))).toMatchObject({
      message: expect.stringContaining('3 calls'),
    });
    leaving.abort();
    await Promise.all([...calls, other]);
  });

  test('holds so many grants', async () => {
    const store = createMemoryStore();
    for (let n = 0; n < 1_000; n += 1) await store.records.put('approval-grant', `${n}`, { id: `${n}` });
    const { pay, approvals } = await worldOf({ records: store.records });
    const call = pay('a');
    await expect.poll(() => approvals.list('pending')).toHaveLength(1);
    const [{ id = '' } = {}] = await approvals.list('pending');
    await expect(approvals.decide(id, { by: boss, decision: 'always' })).rejects.toMatchObject({
      code: 'backpressure',
    });
    await approvals.decide(id, { by: boss, decision: 'once' });
    expect(await call).toBe('paid');
  });

  test('keeps an answer for no other call where the tool is not known for sure', async () => {
    const approvals = createApprovals({
      ...createMemoryStore(),
      today: Date.now,
      closing: new AbortController().signal,
    });
    const { standing: _, ...unsure } = request;
    const asking = approvals.ask({ principal: ann }, unsure, contextOf());
    await expect.poll(() => approvals.list('pending')).toMatchObject([{ repeatable: false }]);
    const [{ id = '' } = {}] = await approvals.list('pending');
    await expect(approvals.decide(id, { by: boss, decision: 'always' })).rejects.toMatchObject({ status: 409 });
    await approvals.decide(id, { by: boss, decision: 'once' });
    expect(await asking).toEqual({ approved: true });

    const leaving = new AbortController();
    const left = approvals.ask({ principal: ann }, unsure, contextOf(leaving.signal));
    await expect.poll(() => approvals.list('pending')).toHaveLength(1);
    leaving.abort();
    await left;
    await expect.poll(() => approvals.list('pending')).toEqual([]);
    expect(await approvals.grants.list()).toEqual([]);
  });

  test('lets an answer wait for the next equal call no longer than its time', async () => {
    const clock = createHandClock();
    const today = () => 1_000_000 + clock.now();
    const store = createMemoryStore({ today });
    const approvals = createApprovals({ ...store, today, closing: new AbortController().signal, onceTtlMs: 5_000 });
    const leave = async (): Promise<void> => {
      const leaving = new AbortController();
      const left = approvals.ask({ principal: ann }, request, contextOf(leaving.signal));
      await expect.poll(() => approvals.list('pending')).toHaveLength(1);
      leaving.abort();
      await left;
      const [{ id = '' } = {}] = await approvals.list('pending');
      await approvals.decide(id, { by: boss, decision: 'once' });
    };
    await leave();
    await clock.advance(4_999);
    expect(await approvals.ask({ principal: ann }, request, contextOf())).toEqual({ approved: true });
    await leave();
    await clock.advance(5_000);
    const asked = new AbortController();
    const asking = approvals.ask({ principal: ann }, request, contextOf(asked.signal));
    await expect.poll(() => approvals.list('pending')).toHaveLength(1);
    asked.abort();
    expect(await asking).toMatchObject({ approved: false });
  });

  test('refuses at once when the gateway is closing', async () => {
    const closing = new AbortController();
    closing.abort();
    const approvals = createApprovals({ ...createMemoryStore(), today: Date.now, closing: closing.signal });
    expect(await approvals.ask({ principal: ann }, request, contextOf())).toMatchObject({
      approved: false,
      reason: expect.stringContaining('closing'),
    });
  });
});

describe('of a call that a model chose which had read what others wrote', () => {
  const taint: ApprovalRequest['taint'] = [{ kind: 'result', server: 'web', name: 'page' }];

  test('always holds for the same arguments, whatever was said', async () => {
    const { approvals } = await worldOf();
    const caller = { principal: ann };
    const answer = approvals.ask(caller, { ...request, taint }, contextOf());
    const [open] = await expectOpen(approvals);
    expect(open?.taint).toEqual(taint);
    const decided = await approvals.decide(open?.id ?? '', { by: boss, decision: 'always', scope: 'tool' });
    expect(decided).toMatchObject({ state: 'approved', scope: 'arguments' });
    expect(await answer).toMatchObject({ approved: true });
    expect(await approvals.ask(caller, { ...request, taint }, contextOf())).toMatchObject({ approved: true });
    const stop = new AbortController();
    const other = approvals.ask(caller, { ...request, taint, arguments: { key: 'other' } }, contextOf(stop.signal));
    await expectOpen(approvals);
    stop.abort();
    expect(await other).toMatchObject({ approved: false });
  });

  test('a form tells what that was', () => {
    const question = questionOf({ server: 's', tool: 'pay', arguments: {}, reason: 'rule 1', taint });
    expect(question).toContain('The model had read: web.page (result)');
  });
});

const expectOpen = async (approvals: Awaited<ReturnType<typeof worldOf>>['approvals']) =>
  vi.waitFor(async () => {
    const open = await approvals.list('pending');
    expect(open).toHaveLength(1);
    return open;
  });
