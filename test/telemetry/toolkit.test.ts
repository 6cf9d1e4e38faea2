/** What a toolkit tells those who watch it: numbers, traces, lines of a log. */
import { fileURLToPath } from 'node:url';
import * as api from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import { createToolkit as createWebToolkit } from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { openTelemetry } from '../fixtures/open-telemetry.ts';
import { scriptedServer, text } from '../fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../fixtures/toolkits.ts';

const LEAKY = fileURLToPath(new URL('../fixtures/telemetry/leaky.js', import.meta.url));
const server = () =>
  scriptedServer({
    good: () => text('good'),
    bad: () => ({ ...text('bad'), isError: true }),
    broken: () => ({ error: { code: -32_050, message: 'broken' } }),
  });

describe('metrics', () => {
  test('count what became of all calls, overall, by server and by tool', async () => {
    const toolkit = await toolkitOf({ a: server(), b: server() });
    for (const name of ['a.good', 'a.good', 'a.bad', 'b.good']) await toolkit.callTool(name);
    await failure(toolkit.callTool('b.broken'));
    const metrics = toolkit.metrics();
    expect(metrics).toMatchObject({
      total: 5,
      successes: 4,
      failures: 1,
      toolErrors: 1,
      successRate: 0.8,
      errors: { server_error: 1 },
      servers: { a: { total: 3, failures: 0, toolErrors: 1 }, b: { total: 2, failures: 1 } },
      tools: {
        'a.good': { total: 2 },
        'a.bad': { toolErrors: 1 },
        'b.good': { total: 1 },
        'b.broken': { failures: 1 },
      },
    });
    expect(metrics.p50Ms).toBeGreaterThan(0);
    expect(metrics.p99Ms).toBeGreaterThanOrEqual(metrics.p50Ms);
  });

  test('say for how long each server has been connected', async () => {
    const gone = server();
    const toolkit = await toolkitOf({ a: server(), b: gone }, { defaults: { autoReconnect: false } });
    gone.latest().hangUp();
    const { uptimeMs, servers } = toolkit.metrics();
    expect(servers.a?.uptimeMs).toBeGreaterThan(0);
    expect(servers.a?.uptimeMs).toBeLessThan(uptimeMs);
    expect(servers.b?.uptimeMs).toBe(0);
  });
});

describe('telemetry', () => {
  const kept = openTelemetry();
  afterEach(() => {
    kept.reset();
    kept.spans.length = 0;
  });
  const child = { s: { command: process.execPath, args: [LEAKY] } };

  test('begins by itself in Node where a provider is registered, and the server learns of the trace', async () => {
    kept.register();
    await using toolkit = await createToolkit({ mcpServers: child });
    const tracer = api.trace.getTracer('app');
    const { structuredContent } = await api.context.with(
      api.trace.setSpan(api.context.active(), tracer.startSpan('app')),
      () => toolkit.callTool('s.echo', {}, { meta: { mine: 1 } }),
    );
    const [app, span] = kept.spans;
    expect(span).toMatchObject({
      name: 'tools/call echo',
      parentSpanId: app?.spanContext.spanId,
      ended: true,
      attributes: {
        'toolway.server': 's',
        'network.transport': 'pipe',
        'mcp.protocol.version': '2025-11-25',
        'jsonrpc.request.id': expect.any(String),
      },
    });
    const traceparent = `00-${span?.spanContext.traceId}-${span?.spanContext.spanId}-01`;
    expect(structuredContent).toMatchObject({ meta: { mine: 1, traceparent } });
  });

  test('sees no secret in an error', async () => {
    kept.register();
    await using toolkit = await createToolkit({ mcpServers: { s: { ...child.s, env: { SECRET: 'canary-4711' } } } });
    await failure(toolkit.callTool('s.fail'));
    expect(kept.spans).toMatchObject([{ status: { message: expect.stringContaining('it is ***') } }]);
    expect(JSON.stringify(kept.spans)).not.toContain('canary');
  });

  test('is silent where nobody listens or nobody wants it', async () => {
    const toolkit = await createToolkit({ mcpServers: child });
    kept.register();
    const { structuredContent } = await toolkit.callTool('s.echo');
    await toolkit.close();
    await using silent = await createToolkit({ mcpServers: child, telemetry: false });
    await silent.callTool('s.echo');
    expect(kept.spans).toEqual([]);
    expect(structuredContent).not.toHaveProperty('meta.traceparent');
  });

  test('takes its API from the user where packages have no names', async () => {
    kept.register();
    const toolkit = await toolkitOf({ a: server() }, { telemetry: api });
    await toolkit.callTool('a.good');
    expect(kept.spans).toMatchObject([{ name: 'tools/call good' }]);
    await expect(createWebToolkit({ telemetry: true })).rejects.toMatchObject({ code: 'invalid_config' });
  });
});

test('the log begins with the first connection', async () => {
  const lines: string[] = [];
  const toolkit = await toolkitOf({ a: server() }, { log: (line) => void lines.push(line) });
  await toolkit.callTool('a.good');
  await failure(toolkit.callTool('a.broken'));
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'info', event: 'connected', server: 'a' },
    {
      level: 'info',
      event: 'tool_call_success',
      server: 'a',
      tool: 'good',
      id: expect.stringMatching(/^c/),
      isError: false,
    },
    { level: 'error', event: 'tool_call_error', server: 'a', tool: 'broken', code: 'server_error', rpcCode: -32_050 },
  ]);
});
