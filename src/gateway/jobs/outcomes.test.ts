import { expect, test } from 'vitest';
import { principal } from '../../../test/fixtures/gateway-app.ts';
import { bodyOf, restApp } from '../../../test/fixtures/rest-app.ts';
import { scriptedServer, text } from '../../../test/fixtures/scripted-server.ts';
import { toolkitOf } from '../../../test/fixtures/toolkits.ts';
import { createMemoryStore } from '../store/memory.ts';

const KEY = { 'idempotency-key': 'k' };

/** A store, what the server was asked, and gateways that one after the other stand in front of it. */
const world = () => {
  let ran = 0;
  const server = scriptedServer({
    count: () => {
      ran += 1;
      return text(`${ran}`);
    },
    fails: () => {
      ran += 1;
      return { error: { code: -32000, message: 'out of paper' } };
    },
    slow: () => {
      ran += 1;
      return undefined;
    },
  });
  server.definitions.count = { inputSchema: { type: 'object', properties: { n: { type: 'number' } } } };
  let now = 0;
  const store = createMemoryStore({ today: () => now });
  return {
    ran: () => ran,
    later: (ms: number) => {
      now += ms;
    },
    gateway: async () => restApp(await toolkitOf({ s: server }), { store }),
  };
};

test('a call under a key is not run again by a gateway that was started anew: its outcome is told', async () => {
  const { gateway, ran } = world();
  const first = await gateway();
  const answer = await first.post('/api/tools/s/count', {}, KEY);
  const second = await gateway();
  expect(await (await second.post('/api/tools/s/count', {}, KEY)).json()).toEqual(await answer.json());
  const other = await second.post('/api/tools/s/count', { n: 1 }, KEY);
  expect([other.status, await bodyOf(other)]).toMatchObject([409, { code: 'invalid_arguments', executed: 'no' }]);
  expect(ran()).toBe(1);
  second.as(principal('bob'));
  expect((await second.post('/api/tools/s/count', {}, KEY)).status).toBe(200);
  expect(ran()).toBe(2);
});

test('one that was under way when its gateway ended has an unknown outcome', async () => {
  const { gateway, ran } = world();
  const first = await gateway();
  void first.post('/api/tools/s/slow', {}, KEY);
  await expect.poll(ran).toBe(1);
  const answer = await (await gateway()).post('/api/tools/s/slow', {}, KEY);
  expect([answer.status, await bodyOf(answer)]).toMatchObject([
    502,
    { code: 'outcome_unknown', executed: 'unknown', server: 's', tool: 'slow' },
  ]);
  expect(ran()).toBe(1);
});

test('one that failed tells its failure again, and one that was never sent is sent', async () => {
  const { gateway, ran } = world();
  const first = await gateway();
  const failed = await bodyOf(await first.post('/api/tools/s/fails', {}, KEY));
  expect((await first.post('/api/tools/s/count', { n: 'x' }, { 'idempotency-key': 'other' })).status).toBe(400);
  const second = await gateway();
  expect(await bodyOf(await second.post('/api/tools/s/fails', {}, KEY))).toEqual(failed);
  expect(ran()).toBe(1);
  expect((await second.post('/api/tools/s/count', { n: 1 }, { 'idempotency-key': 'other' })).status).toBe(200);
});

test('a key is known for a day', async () => {
  const { gateway, ran, later } = world();
  await (await gateway()).post('/api/tools/s/count', {}, KEY);
  later(86_400_000);
  await (await gateway()).post('/api/tools/s/count', {}, KEY);
  expect(ran()).toBe(2);
});

test('a key says nothing to whom the tool does not exist for any more', async () => {
  const { gateway, ran } = world();
  await (await gateway()).post('/api/tools/s/count', {}, KEY);
  const second = await gateway();
  second.as(principal('ann', { sees: () => false }));
  expect((await second.post('/api/tools/s/count', {}, KEY)).status).toBe(403);
  expect(ran()).toBe(1);
});
