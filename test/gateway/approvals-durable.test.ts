/** What becomes of approvals and jobs when a caller leaves, or its gateway ends or is killed. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Approval } from '../../src/gateway/index.ts';
import { type ApprovalWorld, KEYS, startApprovalWorld } from '../fixtures/approval-world.ts';
import { buildProgram, type Program } from '../fixtures/store-world.ts';

let world: ApprovalWorld;
beforeEach(async () => {
  world = await startApprovalWorld();
});
afterEach(() => world.stop());

const gone = (status: number) => ({ status });

describe('an approval whose call is gone', () => {
  test('stays open, marked as such, and what is said of it lets one equal call through', async () => {
    const leaving = new AbortController();
    const call = world.charge('ann', 'a1', leaving.signal).catch((error: Error) => error.name);
    const { id } = await world.one();
    leaving.abort();
    expect(await call).toBe('AbortError');
    await expect.poll(world.pending).toMatchObject([{ id, state: 'pending', orphaned: true }]);
    expect(await world.decide(id, { decision: 'once' })).toMatchObject(gone(200));
    expect(await world.grants()).toMatchObject([{ scope: 'once', uses: 1, principal: 'key:ann' }]);

    expect(world.effects()).toEqual([]);
    const others = [world.charge('ann', 'b2'), world.charge('bob', 'a1')];
    await expect.poll(world.pending).toHaveLength(2);
    const equal = await Promise.race([world.charge('ann', 'a1'), world.charge('ann', 'a1'), world.charge('ann', 'a1')]);
    expect(equal).toMatchObject(gone(200));
    expect(world.effects()).toEqual(['a1']);
    expect(await world.grants()).toEqual([]);
    await expect.poll(world.pending).toHaveLength(4);
    for (const approval of await world.pending()) await world.decide(approval.id, { decision: 'deny' });
    expect(await Promise.all(others)).toMatchObject([gone(403), gone(403)]);
    expect(world.effects()).toEqual(['a1']);
  });

  test('is taken up by the next equal call', async () => {
    const leaving = new AbortController();
    const first = world.charge('ann', 'a1', leaving.signal).catch((error: Error) => error.name);
    const { id } = await world.one();
    leaving.abort();
    await first;
    await expect.poll(world.pending).toMatchObject([{ id, orphaned: true }]);
    const second = world.charge('ann', 'a1');
    await expect.poll(async () => (await world.one()).orphaned).toBeUndefined();
    expect(await world.pending()).toMatchObject([{ id }]);
    await world.decide(id, { decision: 'once' });
    expect(await second).toMatchObject(gone(200));
    expect(world.effects()).toEqual(['a1']);
    expect(await world.grants()).toEqual([]);
  });

  test('can be refused, which holds for nobody else', async () => {
    const leaving = new AbortController();
    const call = world.charge('ann', 'a1', leaving.signal).catch(() => {});
    const { id } = await world.one();
    leaving.abort();
    await call;
    expect(await world.decide(id, { decision: 'deny' })).toMatchObject(gone(200));
    expect(await world.grants()).toEqual([]);
  });

  test('survives a gateway that closes, which tells its caller so', async () => {
    const call = world.charge('ann', 'a1');
    const { id } = await world.one();
    const closing = world.restart();
    expect(await call).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('stays open'), executed: 'no' },
    });
    await closing;
    expect(await world.pending()).toMatchObject([{ id, orphaned: true }]);
    await world.decide(id, { decision: 'once' });
    await world.restart();
    expect(await world.grants()).toMatchObject([{ scope: 'once' }]);
    expect(await world.charge('ann', 'a1')).toMatchObject(gone(200));
    expect(await world.grants()).toEqual([]);
    const again = world.charge('ann', 'a1');
    await world.decide((await world.one()).id, { decision: 'deny' });
    expect(await again).toMatchObject(gone(403));
    expect(world.effects()).toEqual(['a1']);
  });

  test('is over when its time is, also while no gateway runs', async () => {
    await world.restart({ limits: { approvalTimeoutMs: 400 } });
    const call = world.charge('ann', 'a1');
    const { id } = await world.one();
    await world.restart();
    await call;
    await expect.poll(world.pending).toEqual([]);
    expect(await world.decide(id, { decision: 'once' })).toMatchObject(gone(409));
    expect(await world.send('boss', 'GET', `/api/approvals/${id}`)).toMatchObject({ body: { state: 'expired' } });
  });

  test('ends with the definition of its tool', async () => {
    const saying = (DESCRIPTION: string) => ({
      mcpServers: { bank: { ...world.bank, env: { ...world.bank.env, DESCRIPTION } } },
    });
    await world.restart(saying('Charges once'));
    const call = world.charge('ann', 'a1');
    await world.decide((await world.one()).id, { decision: 'always', scope: 'tool' });
    await call;
    await world.restart(saying('Charges once'));
    expect(await world.charge('ann', 'a1')).toMatchObject(gone(200));
    await world.restart(saying('Charges twice'));
    const changed = world.charge('ann', 'a1');
    await world.decide((await world.one()).id, { decision: 'deny' });
    expect(await changed).toMatchObject(gone(403));
  });
});

/** A gateway as a program, which says where it listens; `slow.charge` takes a minute. */
const SOURCE = `
import { gatewayHandlers } from '#src/gateway/handlers.ts';
import { createSqliteStore, createToolkit, serveGateway } from '#src/node/index.ts';
const { path, bank, keys } = JSON.parse(process.argv[2]);
const toolkit = await createToolkit({
  connect: 'wait',
  ...gatewayHandlers,
  policy: { rules: [{ tool: 'charge', action: 'ask' }] },
  mcpServers: { bank },
});
const store = await createSqliteStore({ path });
const { url } = await serveGateway(toolkit, { port: 0, store, access: { apiKeys: keys } });
console.log(url);
`;

describe('a gateway that is killed', () => {
  let program: Program;
  beforeAll(async () => {
    program = await buildProgram('approvals', SOURCE);
  });
  afterAll(() => program.remove());

  const start = async () => {
    const { bank } = world;
    const path = `${world.path}-killed`;
    const running = program.start(JSON.stringify({ path, bank, keys: Object.values(KEYS) }));
    const url = String((await running.lines.next()).value);
    const send = async (who: keyof typeof KEYS, at: string, body?: object, headers: Record<string, string> = {}) => {
      const answer = await fetch(url + at, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${KEYS[who].key}`, 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, location: answer.headers.get('location'), body: await answer.json() };
    };
    const pending = async () => (await send('boss', '/api/approvals')).body.approvals as Approval[];
    return { ...running, send, pending };
  };

  test('knows its approvals afterwards: a word lets one equal call through, or all of them', async () => {
    const first = await start();
    const calls = ['a1', 'b2'].map((key) =>
      first.send('ann', '/api/tools/bank/charge', { key, delayMs: 0 }).catch((error: Error) => error),
    );
    await expect.poll(first.pending).toHaveLength(2);
    await first.kill();
    for (const call of await Promise.all(calls)) expect(call).toBeInstanceOf(Error);

    const second = await start();
    const open = await second.pending();
    expect(open).toMatchObject([{ orphaned: true }, { orphaned: true }]);
    for (const { id, arguments: args } of open)
      await second.send('boss', `/api/approvals/${id}`, { decision: args.key === 'a1' ? 'once' : 'always' });
    await second.kill();
    expect(world.effects()).toEqual([]);

    const third = await start();
    for (const key of ['a1', 'b2', 'b2'])
      expect(await third.send('ann', '/api/tools/bank/charge', { key, delayMs: 0 })).toMatchObject(gone(200));
    const asked = third.send('ann', '/api/tools/bank/charge', { key: 'a1', delayMs: 0 }).catch(() => {});
    await expect.poll(third.pending).toHaveLength(1);
    expect(world.effects()).toEqual(['a1', 'b2', 'b2']);
    await third.kill();
    await asked;
  });

  test('knows of its jobs, and of one that ran that nobody can say what became of it', async () => {
    const first = await start();
    const respond = { prefer: 'respond-async' };
    const running = await first.send('ann', '/api/tools/bank/look', { key: 'j1', delayMs: 60_000 }, respond);
    expect(running).toMatchObject(gone(202));
    const done = await first.send('ann', '/api/tools/bank/look', { key: 'j2', delayMs: 0 }, respond);
    await expect
      .poll(async () => (await first.send('ann', done.location ?? '')).body)
      .toMatchObject({ status: 'succeeded' });
    // What is asked for is written first; else a kill costs the calls of the last fifth of a second.
    await first.send('chief', '/api/calls');
    await first.kill();

    const second = await start();
    expect((await second.send('ann', running.location ?? '')).body).toMatchObject({ status: 'outcome_unknown' });
    expect((await second.send('ann', done.location ?? '')).body).toMatchObject({ status: 'succeeded' });
    expect(await second.send('bob', done.location ?? '')).toMatchObject(gone(404));
    await second.send('ann', '/api/tools/bank/look', { key: 'j3', delayMs: 0 });
    const { calls } = (await second.send('chief', '/api/calls')).body;
    expect(calls.length).toBeGreaterThan(1);
    expect(new Set(calls.map(({ id }: { id: string }) => id)).size).toBe(calls.length);
    await second.kill();
  });
});
