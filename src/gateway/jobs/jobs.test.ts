import { describe, expect, test } from 'vitest';
import { principal } from '../../../test/fixtures/gateway-app.ts';
import { bodyOf, restApp } from '../../../test/fixtures/rest-app.ts';
import { scriptedServer, text } from '../../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, toolkitOf } from '../../../test/fixtures/toolkits.ts';
import { createMemoryStore } from '../store/memory.ts';
import { createJobs, type JobEnd, type Jobs } from './jobs.ts';

const ASYNC = { prefer: 'respond-async' };
const world = () =>
  scriptedServer({
    echo: () => text('hello'),
    broken: () => ({ ...text('no paper'), isError: true }),
    slow: () => undefined,
  });

const locationOf = (response: Response): string => response.headers.get('location') ?? '';

describe('a call that is not waited for', () => {
  test('is answered at once with where its job is, which has the result in the end', async () => {
    const app = restApp(await toolkitOf({ s: world() }));
    const accepted = await app.post('/api/tools/s/echo', {}, ASYNC);
    expect(accepted.status).toBe(202);
    expect(accepted.headers.get('preference-applied')).toBe('respond-async');
    expect(locationOf(accepted)).toMatch(/^\/api\/jobs\/[0-9a-f]{32}$/);
    await expect
      .poll(async () => bodyOf(await app.get(locationOf(accepted))))
      .toMatchObject({ status: 'succeeded', server: 's', tool: 'echo', result: { content: [{ text: 'hello' }] } });
  });

  test('is not sent where its job cannot be kept, and the refusal says so', async () => {
    const store = createMemoryStore({ today: Date.now });
    store.records.put = () => Promise.reject(new Error('the disk is full'));
    const server = world();
    let ran = 0;
    server.tools.echo = () => text(`${++ran}`);
    const app = restApp(await toolkitOf({ s: server }), { store });
    const refused = await app.post('/api/tools/s/echo', {}, ASYNC);
    expect([refused.status, await bodyOf(refused)]).toMatchObject([500, { code: 'internal', executed: 'no' }]);
    expect(ran).toBe(0);
  });

  test('that failed has the problem', async () => {
    const app = restApp(await toolkitOf({ s: world() }));
    const broken = await app.post('/api/tools/s/broken', {}, ASYNC);
    await expect
      .poll(async () => bodyOf(await app.get(locationOf(broken))))
      .toMatchObject({ status: 'failed', problem: { code: 'tool_error', status: 422 } });
  });

  test('is answered with its result when it ends within the time that the client would wait', async () => {
    const app = restApp(await toolkitOf({ s: world() }));
    const answer = await app.post('/api/tools/s/echo', {}, { prefer: 'respond-async, wait=10' });
    expect([answer.status, await answer.json()]).toEqual([200, { content: [{ type: 'text', text: 'hello' }] }]);
    const broken = await app.post('/api/tools/s/broken', {}, { prefer: 'respond-async, wait=10' });
    expect(broken.status).toBe(422);
  });

  test('is a job when it does not', async () => {
    const { toolkit, clock } = await clockedToolkitOf({ s: world() });
    const app = restApp(toolkit, { clock });
    const answer = app.post('/api/tools/s/slow', {}, { prefer: 'wait=10, respond-async' });
    await expect.poll(() => toolkit.calls()).toHaveLength(1);
    await clock.advance(10_000);
    expect((await answer).status).toBe(202);
    expect(toolkit.calls()).toHaveLength(1);
  });

  test('goes on when the client leaves, and is cancelled by DELETE', async () => {
    const toolkit = await toolkitOf({ s: world() });
    const app = restApp(toolkit);
    const client = new AbortController();
    const accepted = await app.post('/api/tools/s/slow', {}, ASYNC, client.signal);
    client.abort();
    await expect.poll(() => toolkit.calls()).toMatchObject([{ state: 'handed_over' }]);
    expect(await bodyOf(await app.get(locationOf(accepted)))).toMatchObject({ status: 'running' });
    expect((await app.delete(locationOf(accepted))).status).toBe(204);
    await expect
      .poll(async () => bodyOf(await app.get(locationOf(accepted))))
      .toMatchObject({ status: 'cancelled', problem: { code: 'cancelled', executed: 'unknown' } });
    expect(toolkit.calls()).toEqual([]);
    expect((await app.delete(locationOf(accepted))).status).toBe(204);
    expect((await app.get(locationOf(accepted))).status).toBe(404);
  });

  test('exists for nobody but whoever asked for it', async () => {
    const toolkit = await toolkitOf({ s: world() });
    const app = restApp(toolkit);
    const accepted = await app.post('/api/tools/s/slow', {}, ASYNC);
    app.as(principal('bob', { may: ['read', 'call', 'admin'] }));
    expect((await app.get(locationOf(accepted))).status).toBe(404);
    expect((await app.delete(locationOf(accepted))).status).toBe(404);
    expect(toolkit.calls()).toHaveLength(1);
  });

  test('has an unknown outcome when its gateway ended meanwhile, and is not run again', async () => {
    const server = world();
    const store = createMemoryStore();
    const first = restApp(await toolkitOf({ s: server }), { store });
    const accepted = await first.post('/api/tools/s/slow', {}, ASYNC);
    const second = await toolkitOf({ s: server });
    expect(await bodyOf(await restApp(second, { store }).get(locationOf(accepted)))).toMatchObject({
      status: 'outcome_unknown',
      problem: { code: 'outcome_unknown', status: 502, executed: 'unknown', server: 's', tool: 'slow' },
    });
    expect(second.calls()).toEqual([]);
  });
});

describe('jobs', () => {
  const never = (): Promise<JobEnd> => new Promise(() => {});
  const ask = { server: 's', tool: 't', run: never };
  const codeOf = (started: ReturnType<Jobs['start']>): Promise<string> =>
    started.then(
      () => 'started',
      ({ code }: { code: string }) => code,
    );

  test('are bounded, for one principal and altogether', async () => {
    const jobs = createJobs({ ...createMemoryStore(), today: Date.now, maxRunning: 3, maxRunningEach: 2 });
    await jobs.start({ ...ask, principal: 'ann' });
    await jobs.start({ ...ask, principal: 'ann' });
    expect(await codeOf(jobs.start({ ...ask, principal: 'ann' }))).toBe('backpressure');
    expect(await codeOf(jobs.start({ ...ask, principal: 'bob' }))).toBe('started');
    expect(await codeOf(jobs.start({ ...ask, principal: 'eve' }))).toBe('backpressure');
  });

  test('are forgotten when their time is over', async () => {
    let now = 0;
    const store = createMemoryStore({ today: () => now });
    const jobs = createJobs({ ...store, today: () => now, ttlMs: 1_000 });
    const run = async (): Promise<JobEnd> => ({ status: 'succeeded', result: 1 });
    const { job, ended } = await jobs.start({ ...ask, principal: 'ann', run });
    await ended;
    now = 999;
    expect(await jobs.get('ann', job.id)).toMatchObject({ result: 1 });
    now = 1_000;
    expect(await jobs.get('ann', job.id)).toBeUndefined();
  });

  test('make room for newer results, the oldest first', async () => {
    const jobs = createJobs({ ...createMemoryStore(), today: Date.now, maxResultBytes: 250 });
    const ids: string[] = [];
    for (const letter of ['a', 'b', 'c']) {
      const run = async (): Promise<JobEnd> => ({ status: 'succeeded', result: letter.repeat(80) });
      const { job, ended } = await jobs.start({ ...ask, principal: 'ann', run });
      await ended;
      ids.push(job.id);
    }
    const [first = '', second = '', third = ''] = ids;
    expect(await jobs.get('ann', first)).toBeUndefined();
    expect(await jobs.get('ann', second)).toMatchObject({ status: 'succeeded' });
    expect(await jobs.get('ann', third)).toMatchObject({ status: 'succeeded' });
  });

  test('that run are cancelled when the gateway closes, and the store has that', async () => {
    const store = createMemoryStore();
    const jobs = createJobs({ ...store, today: Date.now });
    const run = ({ signal }: { signal: AbortSignal }): Promise<JobEnd> =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve({ status: 'cancelled' })));
    const { job } = await jobs.start({ ...ask, principal: 'ann', run });
    await jobs.close();
    expect(await createJobs({ ...store, today: Date.now }).get('ann', job.id)).toMatchObject({ status: 'cancelled' });
  });
});
