/** Approvals over REST, on a gateway that listens, with a store that outlives it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Approval } from '../../src/gateway/index.ts';
import { type ApprovalWorld, KEYS, startApprovalWorld } from '../fixtures/approval-world.ts';

let world: ApprovalWorld;
beforeEach(async () => {
  world = await startApprovalWorld();
});
afterEach(() => world.stop());

describe('a call that the policy asks about', () => {
  test('waits, is shown as it will be sent, and runs once it is approved', async () => {
    const call = world.charge('ann', 'a1');
    const approval = await world.one();
    expect(approval).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      state: 'pending',
      repeatable: true,
      principal: 'key:ann',
      server: 'bank',
      tool: 'charge',
      arguments: { key: 'a1', delayMs: 0 },
      reason: 'it costs money',
      definition: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(Date.parse(approval.expiresAt) - Date.parse(approval.createdAt)).toBe(300_000);
    expect(approval).not.toHaveProperty('orphaned');
    expect(approval).not.toHaveProperty('keys');
    expect(world.effects()).toEqual([]);
    expect((await world.send('boss', 'GET', `/api/approvals/${approval.id}`)).body).toEqual(approval);

    const { status, body } = await world.decide(approval.id, { decision: 'once', reason: 'go ahead' });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { state: 'approved', decision: 'once', decidedBy: 'key:boss', via: 'rest', comment: 'go ahead' },
    });
    expect(await call).toMatchObject({ status: 200, body: { content: [{ text: 'a1' }] } });
    expect(world.effects()).toEqual(['a1']);
    expect(await world.pending()).toEqual([]);
    expect(await world.grants()).toEqual([]);
    const again = world.charge('ann', 'a1');
    expect((await world.one()).id).not.toBe(approval.id);
    await world.decide((await world.one()).id, { decision: 'deny', reason: 'once is enough' });
    expect(await again).toMatchObject({
      status: 403,
      body: { code: 'denied', detail: expect.stringContaining('once is enough'), executed: 'no' },
    });
    expect(world.effects()).toEqual(['a1']);
    const all = (await world.send('chief', 'GET', '/api/approvals?state=all')).body.approvals as Approval[];
    expect(all.map(({ state }) => state)).toEqual(['denied', 'approved']);
  });

  test('is decided once: whoever comes later hears that it was', async () => {
    const call = world.charge('ann', 'a1');
    const { id } = await world.one();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => world.decide(id, { decision: n % 2 === 0 ? 'deny' : 'once' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(409)]);
    const approved = answers.some(({ status, body }) => status === 200 && body.state === 'approved');
    expect((await call).status).toBe(approved ? 200 : 403);
    expect(world.effects()).toHaveLength(approved ? 1 : 0);
  });

  test('is nothing to whoever may not approve, or does not see the tool', async () => {
    const call = world.charge('ann', 'a1');
    const { id } = await world.one();
    expect((await world.decide(id, { decision: 'once' }, 'ann')).status).toBe(403);
    expect((await world.send('ann', 'GET', '/api/approvals')).status).toBe(403);
    expect((await world.send('ann', 'GET', '/api/grants')).status).toBe(403);
    expect((await world.send('narrow', 'GET', '/api/approvals')).body).toEqual({ approvals: [] });
    expect((await world.send('narrow', 'GET', `/api/approvals/${id}`)).status).toBe(404);
    expect((await world.decide(id, { decision: 'once' }, 'narrow')).status).toBe(404);
    expect((await world.decide('0'.repeat(32), { decision: 'once' })).status).toBe(404);
    expect(world.effects()).toEqual([]);
    await world.decide(id, { decision: 'deny' });
    await call;
  });

  test('is decided with words that are known, and no others', async () => {
    const call = world.charge('ann', 'a1');
    const { id } = await world.one();
    for (const body of [
      {},
      { decision: 'yes' },
      { decision: 'once', scope: 'tool' },
      { decision: 'always', scope: 'everything' },
      { decision: 'deny', reason: 'x'.repeat(1_001) },
      { decision: 'deny', reason: 1 },
    ])
      expect(await world.decide(id, body)).toMatchObject({ status: 400, body: { code: 'invalid_arguments' } });
    expect((await world.send('boss', 'GET', '/api/approvals?state=open')).status).toBe(400);
    await world.decide(id, { decision: 'deny' });
    await call;
  });

  test('of somebody who may approve may be approved by the same', async () => {
    const call = world.charge('boss', 'a1');
    expect((await world.decide((await world.one()).id, { decision: 'once' })).status).toBe(200);
    expect((await call).status).toBe(200);
  });

  test('is not approved any more once its caller may no longer call', async () => {
    const call = world.charge('ann', 'a1');
    const { id } = await world.one();
    await world.gateway.replaceKeys([KEYS.boss, KEYS.bob]);
    expect(await world.decide(id, { decision: 'once' })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('may no longer call') },
    });
    expect((await call).status).toBe(403);
    expect(world.effects()).toEqual([]);
    expect(await world.grants()).toEqual([]);
  });

  test('of several, each has its own word', async () => {
    const calls = ['a1', 'b2', 'a1'].map((key) => world.charge('ann', key));
    await expect.poll(() => world.pending()).toHaveLength(3);
    for (const approval of await world.pending())
      await world.decide(approval.id, { decision: approval.arguments.key === 'a1' ? 'once' : 'deny' });
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 403, 200]);
    expect(world.effects()).toEqual(['a1', 'a1']);
  });

  test('is told of on /api/events to whoever may know, without its arguments', async () => {
    const hear = async (who: 'ann' | 'bob' | 'boss' | 'narrow') => {
      const leave = new AbortController();
      const { body } = await fetch(`${world.gateway.url}/api/events`, {
        headers: { authorization: `Bearer ${KEYS[who].key}` },
        signal: leave.signal,
      });
      let said = '';
      void (async () => {
        for await (const chunk of body ?? []) said += new TextDecoder().decode(chunk as Uint8Array);
      })().catch(() => {});
      return {
        leave: () => leave.abort(),
        approvals: () =>
          [...said.matchAll(/^event: (approval_\w+)\ndata: (.*)$/gm)].map(([, name, data = '']) => [
            name,
            JSON.parse(data).id,
          ]),
        said: () => said,
      };
    };
    // Who may read events needs that permission beside: `approve` alone does not give it.
    const [ann, bob, boss] = await Promise.all([hear('ann'), hear('bob'), hear('boss')]);
    const call = world.charge('ann', 'secret-of-ann');
    const { id } = await world.one();
    await world.decide(id, { decision: 'once' });
    await call;
    const told = [
      ['approval_requested', id],
      ['approval_resolved', id],
    ];
    await expect.poll(ann.approvals).toEqual(told);
    await expect.poll(boss.approvals).toEqual(told);
    expect(bob.approvals()).toEqual([]);
    expect(ann.said() + boss.said()).not.toContain('secret-of-ann');
    for (const one of [ann, bob, boss]) one.leave();
  });

  test('with arguments that nobody could read is refused, and with long texts shows how they begin', async () => {
    const long = 'x'.repeat(100_000);
    const shortened = world.send('ann', 'POST', '/api/tools/bank/charge', { key: 'long', delayMs: 0, note: long });
    const approval = await world.one();
    expect(approval).toMatchObject({ cut: true, arguments: { key: 'long' } });
    expect(approval.arguments.note).toMatch(/^x{500}… \(100000 characters in all\)$/);
    await world.decide(approval.id, { decision: 'once' });
    expect((await shortened).status).toBe(200);
    const many = Array.from({ length: 30_000 }, (_, n) => n);
    const refused = await world.send('ann', 'POST', '/api/tools/bank/charge', { key: 'many', many });
    expect(refused).toMatchObject({ status: 403, body: { code: 'denied', detail: expect.stringContaining('shown') } });
    expect(world.effects()).toEqual(['long']);
  });

  test('that nobody approves in time is over, and decided no more', async () => {
    await world.restart({ limits: { approvalTimeoutMs: 150 } });
    const call = world.charge('ann', 'a1');
    const { id } = await world.one();
    expect(await call).toMatchObject({ status: 403, body: { code: 'approval_timeout' } });
    expect((await world.decide(id, { decision: 'once' })).status).toBe(409);
    expect((await world.send('boss', 'GET', `/api/approvals/${id}`)).body).toMatchObject({ state: 'expired' });
    expect(world.effects()).toEqual([]);
    expect(await world.grants()).toEqual([]);
  });
});

describe('always', () => {
  const always = async (scope: 'arguments' | 'tool' | undefined, key = 'a1') => {
    const call = world.charge('ann', key);
    await world.decide((await world.one()).id, { decision: 'always', ...(scope && { scope }) });
    expect((await call).status).toBe(200);
  };
  /** Whether a call has to be asked for; then it is refused. */
  const isAsked = async (who: 'ann' | 'bob', key: string): Promise<boolean> => {
    let over = false;
    const call = world.charge(who, key).finally(() => {
      over = true;
    });
    for (;;) {
      const [waiting] = await world.pending();
      if (waiting !== undefined) await world.decide(waiting.id, { decision: 'deny' });
      if (over) return (await call).status === 403;
    }
  };

  test('holds for equal arguments of the same caller, until it is revoked', async () => {
    await always(undefined);
    expect(await isAsked('ann', 'a1')).toBe(false);
    expect(await isAsked('ann', 'b2')).toBe(true);
    expect(await isAsked('bob', 'a1')).toBe(true);
    const [grant, ...others] = await world.grants();
    expect(others).toEqual([]);
    expect(grant).toMatchObject({
      scope: 'arguments',
      principal: 'key:ann',
      tool: 'charge',
      arguments: { key: 'a1', delayMs: 0 },
      decidedBy: 'key:boss',
    });
    expect((await world.send('narrow', 'GET', '/api/grants')).body).toEqual({ grants: [] });
    expect((await world.send('narrow', 'DELETE', `/api/grants/${grant?.id}`)).status).toBe(404);
    expect((await world.send('boss', 'DELETE', `/api/grants/${grant?.id}`)).status).toBe(204);
    expect((await world.send('boss', 'DELETE', `/api/grants/${grant?.id}`)).status).toBe(404);
    expect(await isAsked('ann', 'a1')).toBe(true);
    expect(world.effects()).toEqual(['a1', 'a1']);
  });

  test('holds for all of the tool where that was said, and after a restart', async () => {
    await always('tool');
    await world.restart();
    expect(await isAsked('ann', 'b2')).toBe(false);
    expect(await isAsked('bob', 'b2')).toBe(true);
    expect(world.effects()).toEqual(['a1', 'b2']);
  });

  test('ends where the server is launched otherwise, and where another rule asks', async () => {
    await always('tool');
    await world.restart({ mcpServers: { bank: { ...world.bank, args: [...(world.bank.args ?? []), '--other'] } } });
    expect(await isAsked('ann', 'b2')).toBe(true);
    await world.restart({
      policy: {
        rules: [
          { server: 'other', action: 'deny' },
          { tool: 'charge', action: 'ask' },
        ],
      },
    });
    expect(await isAsked('ann', 'b2')).toBe(true);
    await world.restart({});
    expect(await isAsked('ann', 'b2')).toBe(false);
  });

  test('lets go what waits for the same word', async () => {
    const calls = ['a1', 'a1', 'b2'].map((key) => world.charge('ann', key));
    await expect.poll(() => world.pending()).toHaveLength(3);
    const [first] = (await world.pending()).filter((approval) => approval.arguments.key === 'a1');
    await world.decide(first?.id ?? '', { decision: 'always' });
    expect((await Promise.all(calls.slice(0, 2))).map(({ status }) => status)).toEqual([200, 200]);
    const [left, ...others] = await world.pending();
    expect(others).toEqual([]);
    expect(left?.arguments.key).toBe('b2');
    await world.decide(left?.id ?? '', { decision: 'deny' });
    expect((await calls[2])?.status).toBe(403);
  });
});
