import { describe, expect, test } from 'vitest';
import { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import { createMetrics, type Metrics } from './metrics.ts';

const setUp = (maxNames?: number) => {
  const time = { now: 1_000 };
  const clock: Clock = { now: () => time.now, after: () => ({ cancel: () => {}, keepAlive: () => {} }) };
  return { time, metrics: createMetrics({ clock, ...(maxNames === undefined ? {} : { maxNames }) }) };
};
const toolCall = (server: string, tool: string): Call =>
  new Call({
    method: 'tools/call',
    params: { name: tool },
    server,
    timeoutMs: 1_000,
    totalTimeoutMs: 1_000,
    startedAt: 0,
  });
const reading = (server: string): Call =>
  new Call({ method: 'resources/read', params: {}, server, timeoutMs: 1_000, totalTimeoutMs: 1_000, startedAt: 0 });
const succeed = (metrics: Metrics, server: string, tool: string, ms = 1): void =>
  metrics.succeeded(toolCall(server, tool), {}, ms);

describe('metrics', () => {
  test('of a toolkit that has made no call are all zero, and no call has failed', () => {
    const { metrics, time } = setUp();
    time.now += 500;
    expect(metrics.report([['a', undefined]])).toEqual({
      total: 0,
      successes: 0,
      failures: 0,
      toolErrors: 0,
      successRate: 1,
      meanMs: 0,
      p50Ms: 0,
      p95Ms: 0,
      p99Ms: 0,
      retries: 0,
      cacheHits: 0,
      merged: 0,
      errors: {},
      uptimeMs: 500,
      servers: { a: expect.objectContaining({ total: 0, uptimeMs: 0 }) },
      tools: {},
    });
  });

  test('are counted by tool, and added up by server and overall', () => {
    const { metrics } = setUp();
    succeed(metrics, 'a', 'x', 10);
    succeed(metrics, 'a', 'y', 20);
    succeed(metrics, 'b', 'x', 60);
    metrics.succeeded(reading('b'), {}, 30);
    const report = metrics.report([]);
    expect(report).toMatchObject({ total: 4, successes: 4, successRate: 1, meanMs: 30 });
    expect(report.servers).toMatchObject({ a: { total: 2, meanMs: 15 }, b: { total: 2, meanMs: 45 } });
    expect(Object.entries(report.tools).map(([name, { total }]) => [name, total])).toEqual([
      ['a.x', 1],
      ['a.y', 1],
      ['b.x', 1],
    ]);
    expect(report.tools['b.x']?.p99Ms).toBe(60);
  });

  test('percentiles overall are those of all calls together, not of the servers', () => {
    const { metrics } = setUp();
    for (let n = 0; n < 90; n += 1) succeed(metrics, 'fast', 'x', 1);
    for (let n = 0; n < 10; n += 1) succeed(metrics, 'slow', 'x', 1_000);
    const { p50Ms, p95Ms, servers } = metrics.report([]);
    expect(Math.abs(p50Ms - 1)).toBeLessThan(0.01);
    expect(Math.abs(p95Ms - 1_000)).toBeLessThan(10);
    expect(servers.fast?.p99Ms).toBe(1);
  });

  test('a result with isError is a success that is counted as an error of the tool', () => {
    const { metrics } = setUp();
    metrics.succeeded(toolCall('a', 'x'), { isError: true }, 5);
    expect(metrics.report([])).toMatchObject({ total: 1, successes: 1, failures: 0, toolErrors: 1, successRate: 1 });
  });

  test('a failure is counted by its code too', () => {
    const { metrics } = setUp();
    const timeout = new ToolwayError('timeout', 'late', { executed: 'unknown' });
    metrics.failed(toolCall('a', 'x'), timeout, 100);
    metrics.failed(toolCall('a', 'x'), timeout, 100);
    metrics.failed(toolCall('a', 'y'), new ToolwayError('denied', 'no', { executed: 'no' }), 1);
    succeed(metrics, 'a', 'x', 100);
    const report = metrics.report([]);
    expect(report).toMatchObject({ total: 4, failures: 3, successRate: 0.25, errors: { timeout: 2, denied: 1 } });
    expect(report.tools['a.x']?.errors).toEqual({ timeout: 2 });
  });

  test('the time of a failure counts, unless nothing was sent', () => {
    const { metrics } = setUp();
    metrics.failed(toolCall('a', 'x'), new ToolwayError('timeout', 'late', { executed: 'unknown' }), 60_000);
    metrics.failed(toolCall('a', 'x'), new ToolwayError('breaker_open', 'no', { executed: 'no' }), 0.01);
    expect(metrics.report([])).toMatchObject({ failures: 2, meanMs: 60_000, p50Ms: 60_000 });
  });

  test('retries, kept answers and merged calls are read from the call', () => {
    const { metrics } = setUp();
    metrics.succeeded(Object.assign(toolCall('a', 'x'), { attempt: 3 }), {}, 1);
    metrics.succeeded(Object.assign(toolCall('a', 'x'), { cached: true }), {}, 1);
    const merged = Object.assign(toolCall('a', 'x'), { merged: true, attempt: 2 });
    metrics.failed(merged, new ToolwayError('timeout', 'late'), 1);
    expect(metrics.report([])).toMatchObject({ total: 3, retries: 3, cacheHits: 1, merged: 1 });
  });

  test('a server is up since it was connected; one that is gone keeps its numbers', () => {
    const { metrics, time } = setUp();
    succeed(metrics, 'gone', 'x');
    time.now = 5_000;
    const { servers, uptimeMs } = metrics.report([
      ['a', 3_500],
      ['b', undefined],
    ]);
    expect(uptimeMs).toBe(4_000);
    expect(servers).toMatchObject({ a: { uptimeMs: 1_500 }, b: { uptimeMs: 0 }, gone: { uptimeMs: 0, total: 1 } });
  });

  test('names beyond the bound are counted together, and still add up', () => {
    const { metrics } = setUp(4);
    for (const tool of ['x', 'y', 'z', 'u', 'v']) succeed(metrics, 'a', tool);
    succeed(metrics, 'late', 'w');
    succeed(metrics, 'a', 'x');
    const { tools, servers, total } = metrics.report([]);
    expect(Object.keys(tools)).toEqual(['a.x', 'a.y', 'a.z', 'other']);
    expect(tools).toMatchObject({ 'a.x': { total: 2 }, other: { total: 3 } });
    expect(Object.keys(servers)).toEqual(['a']);
    expect(servers.a?.total).toBe(6);
    expect(total).toBe(7);
  });

  test('2 000 names are counted apart where nothing else is said', () => {
    const { metrics } = setUp();
    for (let n = 0; n < 2_100; n += 1) succeed(metrics, 'a', `t${n}`);
    const { tools } = metrics.report([]);
    expect(Object.keys(tools)).toHaveLength(2_000);
    expect(tools.other?.total).toBe(101);
  });

  test('names of tools that do not exist take no place', () => {
    const { metrics } = setUp();
    metrics.failed(toolCall('a', 'fancy'), new ToolwayError('unknown_tool', 'none', { executed: 'no' }), 1);
    const { tools, servers } = metrics.report([]);
    expect(tools).toEqual({});
    expect(servers.a?.errors).toEqual({ unknown_tool: 1 });
  });

  test('a tool may be called like a member of every object', () => {
    const { metrics } = setUp();
    for (const tool of ['__proto__', 'constructor']) succeed(metrics, '__proto__', tool);
    const { tools, servers } = metrics.report([]);
    expect(JSON.parse(JSON.stringify(tools))['__proto__.constructor'].total).toBe(1);
    expect(Object.entries(servers).map(([name, { total }]) => [name, total])).toEqual([['__proto__', 2]]);
    expect(({} as Record<string, unknown>).total).toBeUndefined();
  });
});
