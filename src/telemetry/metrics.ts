/** What became of all calls, and how long they took: overall, by server, by tool. Counted as they settle, added up when somebody asks. */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import type { ErrorCode, ToolwayError } from '../errors.ts';
import { qualify } from '../names.ts';
import type { JsonObject } from '../protocol/types.ts';
import { createHistogram, type Histogram } from './histogram.ts';

/** What became of a set of calls. Numbers count from the start of the toolkit; times are in milliseconds. */
export interface CallMetrics {
  /** Calls that have settled: of tools, and requests for resources, prompts and completions. */
  total: number;
  /** Calls with a result, be it one with `isError`. */
  successes: number;
  failures: number;
  /** Those of the successes in which the tool said `isError`. */
  toolErrors: number;
  /** Successes per call, 0 to 1; 1 while there is no call. */
  successRate: number;
  /** How long calls took as their callers saw it, waiting and retries included. Failures count unless nothing was sent. */
  meanMs: number;
  /** Half of the calls took no longer; right to 1 %, as are the other two. */
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  /** How often a call was sent again. */
  retries: number;
  /** Calls that were given a kept answer. */
  cacheHits: number;
  /** Calls that shared the answer of an equal one in flight. */
  merged: number;
  /** The failures by their code. */
  errors: Partial<Record<ErrorCode, number>>;
}

/** The calls to one server. */
export interface ServerMetrics extends CallMetrics {
  /** For how long the server has been connected; 0 while it is not. */
  uptimeMs: number;
}

/** All calls of a toolkit, and the same by server and by tool. */
export interface ToolkitMetrics extends CallMetrics {
  /** The age of the toolkit. */
  uptimeMs: number;
  servers: Record<string, ServerMetrics>;
  /** By `server.tool`. `other` holds the tools beyond the first 2 000 names. */
  tools: Record<string, CallMetrics>;
}

export interface Metrics {
  /** A call has its result. */
  succeeded(call: Call, result: JsonObject, durationMs: number): void;
  failed(call: Call, error: ToolwayError, durationMs: number): void;
  /** `links` are the servers there are, each with the time since when it is connected. */
  report(links: Iterable<readonly [server: string, connectedSince: number | undefined]>): ToolkitMetrics;
}

export interface MetricsOptions {
  clock: Clock;
  /** Names that are counted apart, servers and tools together: they come from servers, or from a model's fancy. */
  maxNames?: number;
}

/** The numbers of one tool, or of what a server does beside its tools. */
interface Series {
  times: Histogram;
  successes: number;
  failures: number;
  toolErrors: number;
  retries: number;
  cacheHits: number;
  merged: number;
  errors: Map<ErrorCode, number>;
}

interface ServerSeries {
  tools: Map<string, Series>;
  /** Tools that came too late for a name of their own. */
  others: Series;
  /** What is no call of a tool, or of none that exists. */
  rest: Series;
}

export const createMetrics = ({ clock, maxNames = 2_000 }: MetricsOptions): Metrics => {
  const startedAt = clock.now();
  const servers = new Map<string, ServerSeries>();
  const lateServers = newServer();
  let names = 0;

  const serverOf = (name: string): ServerSeries => {
    const known = servers.get(name);
    if (known !== undefined) return known;
    if (names >= maxNames) return lateServers;
    names += 1;
    const made = newServer();
    servers.set(name, made);
    return made;
  };
  const seriesOf = (call: Call, code?: ErrorCode): Series => {
    const server = serverOf(call.server);
    const tool = call.toolName;
    if (tool === undefined) return server.rest;
    const known = server.tools.get(tool);
    if (known !== undefined) return known;
    if (code === 'unknown_tool') return server.rest;
    if (names >= maxNames) return server.others;
    names += 1;
    const made = newSeries();
    server.tools.set(tool, made);
    return made;
  };
  const settled = (series: Series, call: Call): void => {
    series.retries += call.attempt - 1;
    if (call.cached) series.cacheHits += 1;
    if (call.merged) series.merged += 1;
  };

  return {
    succeeded(call, result, durationMs) {
      const series = seriesOf(call);
      series.successes += 1;
      if (result.isError === true) series.toolErrors += 1;
      series.times.record(durationMs);
      settled(series, call);
    },
    failed(call, error, durationMs) {
      const series = seriesOf(call, error.code);
      series.failures += 1;
      series.errors.set(error.code, (series.errors.get(error.code) ?? 0) + 1);
      if (error.executed !== 'no') series.times.record(durationMs);
      settled(series, call);
    },
    report(links) {
      const now = clock.now();
      const since = new Map(links);
      const late = allOf(lateServers);
      const everything = [...late];
      const others = [...late];
      const byServer: Record<string, ServerMetrics> = Object.create(null);
      const byTool: Record<string, CallMetrics> = Object.create(null);
      for (const name of new Set([...since.keys(), ...servers.keys()])) {
        const server = servers.get(name);
        const own = server === undefined ? [] : allOf(server);
        everything.push(...own);
        byServer[name] = { ...summary(own), uptimeMs: now - (since.get(name) ?? now) };
        if (server === undefined) continue;
        others.push(server.others);
        for (const [tool, series] of server.tools) byTool[qualify(name, tool)] = summary([series]);
      }
      const beyond = summary(others);
      if (beyond.total > 0) byTool.other = beyond;
      return { ...summary(everything), uptimeMs: now - startedAt, servers: byServer, tools: byTool };
    },
  };
};

const NONE = { successes: 0, failures: 0, toolErrors: 0, retries: 0, cacheHits: 0, merged: 0 };
const newSeries = (): Series => ({
  times: createHistogram(),
  ...NONE,
  errors: new Map(),
});
const newServer = (): ServerSeries => ({ tools: new Map(), others: newSeries(), rest: newSeries() });
const allOf = ({ tools, others, rest }: ServerSeries): Series[] => [...tools.values(), others, rest];

const timesOf = (all: readonly Series[]): Histogram => {
  const [only] = all;
  if (only !== undefined && all.length === 1) return only.times;
  const times = createHistogram();
  for (const series of all) times.add(series.times);
  return times;
};

const summary = (all: readonly Series[]): CallMetrics => {
  const times = timesOf(all);
  const errors: Partial<Record<ErrorCode, number>> = {};
  const sum = { ...NONE };
  for (const series of all) {
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += series[key];
    for (const [code, count] of series.errors) errors[code] = (errors[code] ?? 0) + count;
  }
  const { successes, failures, toolErrors, ...facts } = sum;
  const total = successes + failures;
  return {
    total,
    successes,
    failures,
    toolErrors,
    successRate: total === 0 ? 1 : successes / total,
    meanMs: times.count === 0 ? 0 : times.sumMs / times.count,
    p50Ms: times.quantileMs(0.5),
    p95Ms: times.quantileMs(0.95),
    p99Ms: times.quantileMs(0.99),
    ...facts,
    errors,
  };
};
