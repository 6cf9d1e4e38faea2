import { describe, expect, test } from 'vitest';
import { appFor, contextOf, principal } from '../../../test/fixtures/gateway-app.ts';
import { scriptedServer, text } from '../../../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../../../test/fixtures/toolkits.ts';
import type { ChildStatus, ServerStatus } from '../../api.ts';
import { systemClock } from '../../clock.ts';
import { type AccessRecord, createAccessLog } from './access-log.ts';
import { BOUNDS_S, countDurations } from './durations.ts';
import { addHealth } from './health.ts';
import { createPrometheus } from './prometheus.ts';

const nobody = () => ({ principal: principal('nobody') });

describe('/readyz', () => {
  test('waits for every server to be connected or failed, and ends with the gateway', async () => {
    const slow = scriptedServer({});
    let go = (): void => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { transport } = slow.config;
    slow.config.transport = async () => {
      await held;
      return (transport as () => never)();
    };
    const broken = scriptedServer({}, { maxRetries: 0 });
    broken.config.transport = () => {
      throw new Error('no');
    };
    const toolkit = await toolkitOf({ ok: scriptedServer({}), slow, broken }, { connect: 'eager' });
    const closing = new AbortController();
    const app = appFor(nobody);
    addHealth(app, contextOf(toolkit, { closing: closing.signal }));

    expect((await app.request('/healthz')).status).toBe(200);
    expect((await app.request('/readyz')).status).toBe(503);
    go();
    await toolkit.waitForConnection('slow');
    await toolkit.waitForConnection('ok');
    const ready = await app.request('/readyz');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ ready: true, closing: false, servers: { connected: 2, failed: 1 } });
    closing.abort();
    expect((await app.request('/readyz')).status).toBe(503);
    expect((await app.request('/healthz')).status).toBe(200);
  });
});

describe('the page for Prometheus', () => {
  const server = () =>
    scriptedServer({
      say: () => text('said'),
      fail: () => ({ ...text('no'), isError: true }),
      refuse: () => ({ error: { code: -32000, message: 'no' } }),
    });

  test('tells how many processes a server has that has a pool, what memory and how old', async () => {
    const toolkit = await toolkitOf({ s: server() });
    const children = [
      { state: 'in_use', ageMs: 90_000, memoryBytes: 50_000_000 },
      { state: 'warm', ageMs: 1_000, memoryBytes: 7_000_000 },
      { state: 'warm', ageMs: 2_000 },
    ] satisfies ChildStatus[];
    const { s: status, ...none } = toolkit.status();
    const told = { ...none, s: { ...(status as ServerStatus), children }, plain: status as ServerStatus };
    const page = await createPrometheus({
      toolkit: { ...toolkit, status: () => told },
      durations: () => [],
      requests: () => [],
    });
    const lines = (await page()).text.split('\n').filter((line) => /^toolway_server_(children|oldest)/.test(line));
    expect(lines).toEqual([
      'toolway_server_children{server="s",state="warm"} 2',
      'toolway_server_children{server="s",state="in_use"} 1',
      'toolway_server_children{server="s",state="ending"} 0',
      'toolway_server_children_memory_bytes{server="s"} 57000000',
      'toolway_server_oldest_child_seconds{server="s"} 90',
    ]);
  });

  test('counts calls by outcome, and how long they took', async () => {
    const toolkit = await toolkitOf({ s: server() });
    const durations = countDurations(toolkit);
    const page = await createPrometheus({ toolkit, durations: durations.all, requests: () => [] });
    await toolkit.callTool('s.say');
    await toolkit.callTool('s.say');
    await toolkit.callTool('s.fail');
    await failure(toolkit.callTool('s.refuse'));
    await failure(toolkit.callTool('s.nothing'));
    const { text: lines, contentType } = await page();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(lines).toContain('toolway_tool_calls_total{server="s",tool="say",outcome="ok"} 2');
    expect(lines).toContain('toolway_tool_calls_total{server="s",tool="fail",outcome="tool_error"} 1');
    expect(lines).toContain('toolway_tool_calls_total{server="s",tool="refuse",outcome="server_error"} 1');
    expect(lines).toContain('toolway_tool_call_duration_seconds_bucket{server="s",tool="say",le="+Inf"} 2');
    expect(lines).toContain('toolway_tool_call_duration_seconds_count{server="s",tool="say"} 2');
    expect(lines).toContain('toolway_server_state{server="s",state="connected"} 1');
    expect(lines).not.toContain('nothing');
    // A second page is not the first one twice.
    expect((await page()).text).toContain('toolway_tool_calls_total{server="s",tool="say",outcome="ok"} 2');
  });

  test('holds a bounded number of tools', async () => {
    const toolkit = await toolkitOf({ s: server() });
    const listeners: ((event: object) => void)[] = [];
    const heard = {
      ...toolkit,
      on: (_: string, handler: (event: object) => void) => listeners.push(handler) && (() => {}),
    };
    const durations = countDurations(heard as never);
    for (let i = 0; i < 2_100; i += 1) listeners[0]?.({ server: 's', tool: `t${i}`, durationMs: 5 });
    const all = [...durations.all()];
    expect(all).toHaveLength(2_001);
    expect(all.at(-1)).toMatchObject({ tool: 'other', sumS: expect.closeTo(0.5) });
    expect(all.at(-1)?.buckets[BOUNDS_S.indexOf(0.005)]).toBe(100);
    const page = await createPrometheus({ toolkit, durations: durations.all, requests: () => [] });
    expect((await page()).text).toContain('le="0.005"} 100');
  });
});

describe('the access log', () => {
  test('names route, status and principal, and nothing that may be secret', async () => {
    const records: AccessRecord[] = [];
    const log = createAccessLog({
      clock: systemClock,
      today: () => 1_000_000,
      onRequest: (record) => records.push(record),
    });
    const app = appFor(nobody);
    const outer = new (app.constructor as new () => typeof app)();
    log.install(outer);
    outer.use(async (c, next) => {
      c.set('caller', nobody());
      await next();
    });
    outer.post('/api/tools/:server/:tool', (c) => c.json({}, 422));
    await outer.request('/api/tools/a/b?key=secret', {
      method: 'POST',
      headers: { authorization: 'secret' },
      body: 'secret',
    });
    await outer.request('/wp-admin', { method: 'PROPFIND' });
    expect(records).toMatchObject([
      {
        time: expect.stringMatching(/^1970-01-01T00:16:/),
        method: 'POST',
        path: '/api/tools/a/b',
        status: 422,
        principal: 'nobody',
      },
      { method: 'PROPFIND', path: '/wp-admin', status: 404 },
    ]);
    expect(JSON.stringify(records)).not.toContain('secret');
    expect([...log.counts()]).toEqual([
      [{ method: 'POST', route: '/api/tools/:server/:tool', status: '422' }, 1],
      [{ method: 'other', route: 'none', status: '404' }, 1],
    ]);
  });
});
