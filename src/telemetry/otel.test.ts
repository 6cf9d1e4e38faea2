import * as api from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTelemetry } from '../../test/fixtures/open-telemetry.ts';
import { Call, type CallInit } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import { guarded } from '../events.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { OpenTelemetryApi } from './api.ts';
import { createMask } from './masking.ts';
import { createTelemetry, type LinkFacts } from './otel.ts';

let kept: ReturnType<typeof openTelemetry>;
beforeEach(() => {
  kept = openTelemetry();
  kept.register();
});
afterEach(() => kept.reset());

const callOf = (init: Partial<CallInit> = {}): Call =>
  new Call({
    method: 'tools/call',
    params: { name: 'read', arguments: { path: 'private' } },
    server: 'files',
    tool: { name: 'read', inputSchema: { type: 'object' } },
    meta: {},
    timeoutMs: 1_000,
    totalTimeoutMs: 1_000,
    startedAt: 500,
    ...init,
  });
const known = createMask();
known.add('secret');
const setUp = (link: LinkFacts = {}, given: OpenTelemetryApi = api, masked = known.value) => {
  const time = { now: 500 };
  const reported: unknown[] = [];
  const clock: Clock = { now: () => time.now, after: () => ({ cancel: () => {}, keepAlive: () => {} }) };
  const step = createTelemetry({
    api: given,
    clock,
    version: '1.2.3',
    guarded,
    linkOf: () => link,
    masked,
    report: (error) => reported.push(error),
  });
  const run = (call: Call, last: (call: Call) => Promise<JsonObject> = async () => ({})) => step(last)(call);
  return { time, run, reported };
};

describe('a span', () => {
  test('is made for each call, after the conventions for MCP', async () => {
    const { run } = setUp({
      kind: 'http',
      protocolVersion: '2025-11-25',
      sessionId: 's-1',
      url: 'https://h.example:8443/mcp',
    });
    await run(callOf(), async (call) => {
      call.requestId = 7;
      return {};
    });
    expect(kept.spans).toMatchObject([
      { name: 'tools/call read', kind: api.SpanKind.CLIENT, ended: true, status: undefined },
    ]);
    expect(kept.spans[0]?.attributes).toEqual({
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'read',
      'mcp.protocol.version': '2025-11-25',
      'mcp.session.id': 's-1',
      'jsonrpc.request.id': '7',
      'network.transport': 'tcp',
      'network.protocol.name': 'http',
      'server.address': 'h.example',
      'server.port': 8443,
      'toolway.server': 'files',
      'toolway.attempts': 1,
    });
  });

  test.each([
    ['prompts/get', { name: 'greet' }, 'prompts/get greet', { 'gen_ai.prompt.name': 'greet' }],
    ['resources/read', { uri: 'file:///x' }, 'resources/read', { 'mcp.resource.uri': 'file:///x' }],
    ['completion/complete', {}, 'completion/complete', { 'mcp.method.name': 'completion/complete' }],
  ])('of %s has its own name and facts', async (method, params, name, facts) => {
    await setUp({ kind: 'stdio' }).run(callOf({ method, params }));
    expect(kept.spans).toMatchObject([{ name, attributes: { ...facts, 'network.transport': 'pipe' } }]);
  });

  test('tells of a failure what it was, without secrets, and the caller gets it as it was', async () => {
    const error = new ToolwayError('timeout', 'it is secret', { executed: 'unknown' });
    const call = Object.assign(callOf(), { attempt: 3 });
    await expect(setUp().run(call, () => Promise.reject(error))).rejects.toBe(error);
    const attributes = {
      'error.type': 'timeout',
      'toolway.error.code': 'timeout',
      'toolway.executed': 'unknown',
      'toolway.attempts': 3,
    };
    expect(kept.spans).toMatchObject([
      { ended: true, status: { code: api.SpanStatusCode.ERROR, message: 'it is ***' }, attributes },
    ]);
  });

  test('of an error that the server answered with has the JSON-RPC code', async () => {
    const error = new ToolwayError('server_error', 'no', { executed: 'yes', rpcCode: -32602 });
    await expect(setUp().run(callOf(), () => Promise.reject(error))).rejects.toBe(error);
    expect(kept.spans[0]?.attributes).toMatchObject({
      'error.type': '-32602',
      'rpc.response.status_code': '-32602',
      'toolway.error.code': 'server_error',
    });
  });

  test('of a result with isError is an error of the tool', async () => {
    expect(await setUp().run(callOf(), async () => ({ isError: true }))).toEqual({ isError: true });
    expect(kept.spans).toMatchObject([
      { status: { code: api.SpanStatusCode.ERROR }, attributes: { 'error.type': 'tool_error' } },
    ]);
  });

  test('says where the answer was kept or shared', async () => {
    await setUp().run(Object.assign(callOf(), { cached: true }));
    await setUp().run(Object.assign(callOf(), { merged: true }));
    expect(kept.spans.map(({ attributes }) => [attributes['toolway.cached'], attributes['toolway.merged']])).toEqual([
      [true, undefined],
      [undefined, true],
    ]);
  });

  test('tells no secret by what was asked for, nor does what is measured', async () => {
    const uri = 'postgres://me:secret@db/table';
    await setUp().run(callOf({ method: 'resources/read', params: { uri } }));
    await setUp().run(callOf({ params: { name: 'my_secret' } }));
    expect(kept.spans).toMatchObject([
      { attributes: { 'mcp.resource.uri': 'postgres://me:***@db/table' } },
      { name: 'tools/call my_***', attributes: { 'gen_ai.tool.name': 'my_***' } },
    ]);
    expect(JSON.stringify([kept.spans, kept.measurements])).not.toContain('secret');
  });

  test('tells none that became known on the way', async () => {
    const mask = createMask();
    const uri = 'postgres://me:secret@db/table';
    const learn = async (): Promise<JsonObject> => {
      mask.add('secret');
      return {};
    };
    await setUp({}, api, mask.value).run(callOf({ method: 'resources/read', params: { uri } }), learn);
    expect(JSON.stringify(kept.spans)).not.toContain('secret');
  });

  test('holds neither arguments nor results', async () => {
    await setUp().run(callOf(), async () => ({ content: [{ type: 'text', text: 'private' }] }));
    expect(JSON.stringify([kept.spans, kept.measurements])).not.toContain('private');
  });
});

describe('the trace', () => {
  test('goes on at the server: its context is in _meta, beside what the caller put there', async () => {
    const given = { mine: 1 };
    const call = callOf({ meta: given });
    await setUp().run(call);
    const { traceId, spanId } = kept.spans[0]?.spanContext ?? {};
    expect(call.meta).toEqual({ mine: 1, traceparent: `00-${traceId}-${spanId}-01` });
    expect(given).toEqual({ mine: 1 });
  });

  test('is the one that the caller is in, and the one that its own calls are in', async () => {
    const { run } = setUp();
    const tracer = api.trace.getTracer('app');
    const outer = tracer.startSpan('app');
    await api.context.with(api.trace.setSpan(api.context.active(), outer), () =>
      run(callOf(), async () => {
        await Promise.resolve();
        tracer.startSpan('fetch').end();
        return {};
      }),
    );
    const [app, call, fetch] = kept.spans;
    expect(call).toMatchObject({ parentSpanId: app?.spanContext.spanId });
    expect(fetch).toMatchObject({ parentSpanId: call?.spanContext.spanId });
    expect(new Set(kept.spans.map(({ spanContext }) => spanContext.traceId)).size).toBe(1);
  });

  test('begins with the traceparent of a caller that has no span of its own', async () => {
    const traceId = 'a'.repeat(32);
    const call = callOf({ meta: { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` } });
    await setUp().run(call);
    expect(kept.spans).toMatchObject([{ parentSpanId: 'b'.repeat(16), spanContext: { traceId } }]);
    expect(call.meta?.traceparent).toBe(`00-${traceId}-${kept.spans[0]?.spanContext.spanId}-01`);
  });

  test('leaves _meta alone where nobody carries contexts', async () => {
    api.propagation.disable();
    const call = callOf({ meta: { traceparent: 'mine' } });
    await setUp().run(call);
    expect(call.meta).toEqual({ traceparent: 'mine' });
  });
});

describe('the duration', () => {
  test('is measured in seconds, from the moment when the caller asked', async () => {
    const { run, time } = setUp({ kind: 'stdio', sessionId: 's-1' });
    await run(callOf({ startedAt: 250 }), async () => {
      time.now = 1_750;
      return {};
    });
    const attributes = {
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'read',
      'network.transport': 'pipe',
    };
    expect(kept.measurements).toEqual([
      {
        instrument: 'mcp.client.operation.duration',
        unit: 's',
        value: 1.5,
        attributes,
        spanId: kept.spans[0]?.spanContext.spanId,
      },
    ]);
  });

  test('has no series for names that callers make up, nor for each resource', async () => {
    const { run } = setUp();
    const error = new ToolwayError('unknown_tool', 'none', { executed: 'no' });
    await expect(run(callOf({ tool: undefined }), () => Promise.reject(error))).rejects.toBe(error);
    await run(callOf({ method: 'resources/read', params: { uri: 'file:///x' } }));
    expect(kept.measurements.map(({ attributes }) => attributes)).toEqual([
      { 'mcp.method.name': 'tools/call', 'gen_ai.operation.name': 'execute_tool', 'error.type': 'unknown_tool' },
      { 'mcp.method.name': 'resources/read' },
    ]);
  });
});

describe('a provider that fails', () => {
  const boom = () => {
    throw new Error('boom');
  };
  test('at the beginning leaves the call without a span', async () => {
    const broken = {
      ...api,
      trace: { ...api.trace, getTracer: () => ({ startSpan: boom }), getSpan: boom, setSpan: boom },
    };
    const { run, reported } = setUp({}, broken as OpenTelemetryApi);
    expect(await run(callOf(), async () => ({ ok: true }))).toEqual({ ok: true });
    expect(reported).toHaveLength(1);
  });

  test('at the end changes nothing about the result', async () => {
    const tracer = () => ({ startSpan: () => ({ setAttributes: boom, setStatus: boom, end: boom }) });
    const parts = { getTracer: tracer, getSpan: () => undefined, setSpan: (context: unknown) => context };
    const { run, reported } = setUp({}, { ...api, trace: parts } as OpenTelemetryApi);
    expect(await run(callOf(), async () => ({ ok: true }))).toEqual({ ok: true });
    expect(reported).toHaveLength(1);
  });
});
