/**
 * The numbers of the gateway as Prometheus reads them (text format 0.0.4). They are those that the toolkit counts anyway,
 * put into families when somebody asks, so that a call pays for its place in the histogram alone.
 */
import type { Metric, MetricType, MetricValue, Registry } from 'prom-client';
import type { ChildStatus, Toolkit } from '../../api.ts';
import type { ToolkitMetrics } from '../../telemetry/metrics.ts';
import { SERVER_STATES } from '../server-states.ts';
import { BOUNDS_S, type Durations } from './durations.ts';

/** One request that was answered, as it is counted. */
export interface AnsweredAs {
  method: string;
  route: string;
  status: string;
}

export interface PrometheusOptions {
  toolkit: Toolkit;
  durations(): Iterable<Durations>;
  requests(): Iterable<readonly [labels: AnsweredAs, count: number]>;
  /** Where further numbers are, which are shown on the same page. */
  registry?: Registry | undefined;
}

/** The whole page, and what it is to be served as. */
export interface PrometheusPage {
  contentType: string;
  text: string;
}

const CHILD_STATES = ['warm', 'in_use', 'ending'] as const satisfies ChildStatus['state'][];

type Value = MetricValue<string> & { metricName?: string };

/** Makes what writes the page. `prom-client` is loaded here. */
export const createPrometheus = async (options: PrometheusOptions): Promise<() => Promise<PrometheusPage>> => {
  const { Registry } = await import('prom-client');
  const registry = options.registry ?? new Registry();
  const { toolkit, durations, requests } = options;
  let report = toolkit.metrics();
  let status = toolkit.status();

  const family = (name: string, type: `${MetricType}`, help: string, values: () => Value[]): void => {
    const own = { name, get: async () => ({ name, type, help, values: values(), aggregator: 'sum' }) };
    registry.registerMetric(own as unknown as Metric);
  };
  const ofServers = (value: (one: (typeof status)[string]) => number) => (): Value[] =>
    Object.entries(status).map(([server, one]) => ({ labels: { server }, value: value(one) }));
  const ofChildren =
    (values: (children: readonly ChildStatus[], labels: { server: string }) => Value[]) => (): Value[] =>
      Object.entries(status).flatMap(([server, { children }]) =>
        children === undefined ? [] : values(children, { server }),
      );
  const ofTools = (value: (one: ToolkitMetrics['tools'][string]) => number) => (): Value[] =>
    Object.entries(report.tools).map(([name, one]) => ({ labels: labelsOf(name), value: value(one) }));

  family(
    'toolway_tool_calls_total',
    'counter',
    'Tool calls that have settled, by outcome: ok, tool_error, or the code of the error.',
    () =>
      Object.entries(report.tools).flatMap(([name, { successes, toolErrors, errors }]) => [
        { labels: { ...labelsOf(name), outcome: 'ok' }, value: successes - toolErrors },
        { labels: { ...labelsOf(name), outcome: 'tool_error' }, value: toolErrors },
        ...Object.entries(errors).map(([code, value]) => ({ labels: { ...labelsOf(name), outcome: code }, value })),
      ]),
  );
  family(
    'toolway_tool_call_duration_seconds',
    'histogram',
    'How long tool calls took of which something was sent, as their callers saw it.',
    () => [...durations()].flatMap(histogramOf),
  );
  family(
    'toolway_tool_call_retries_total',
    'counter',
    'How often tool calls were sent again.',
    ofTools(({ retries }) => retries),
  );
  family(
    'toolway_tool_call_cache_hits_total',
    'counter',
    'Tool calls that were given a kept answer.',
    ofTools(({ cacheHits }) => cacheHits),
  );
  family('toolway_server_state', 'gauge', '1 for the state that the server is in.', () =>
    Object.entries(status).flatMap(([server, one]) =>
      SERVER_STATES.map((state) => ({ labels: { server, state }, value: one.state === state ? 1 : 0 })),
    ),
  );
  family(
    'toolway_server_breaker_open',
    'gauge',
    '1 while calls to the server are held back.',
    ofServers(({ breaker }) => (breaker === 'closed' ? 0 : 1)),
  );
  family(
    'toolway_calls_in_flight',
    'gauge',
    'Calls at the server.',
    ofServers(({ inFlight }) => inFlight),
  );
  family(
    'toolway_calls_queued',
    'gauge',
    'Calls that wait for their turn.',
    ofServers(({ queued }) => queued),
  );
  family(
    'toolway_server_children',
    'gauge',
    'Processes of a server that has a pool, by what becomes of them.',
    ofChildren((children, labels) =>
      CHILD_STATES.map((state) => ({
        labels: { ...labels, state },
        value: children.filter((child) => child.state === state).length,
      })),
    ),
  );
  family(
    'toolway_server_children_memory_bytes',
    'gauge',
    'Memory in use of the processes of a server that has a pool with maxMemoryMb.',
    ofChildren((children, labels) => {
      const measured = children.flatMap(({ memoryBytes }) => memoryBytes ?? []);
      return measured.length === 0 ? [] : [{ labels, value: measured.reduce((sum, bytes) => sum + bytes, 0) }];
    }),
  );
  family(
    'toolway_server_oldest_child_seconds',
    'gauge',
    'The age of the oldest process of a server that has a pool.',
    ofChildren((children, labels) =>
      children.length === 0 ? [] : [{ labels, value: Math.max(...children.map(({ ageMs }) => ageMs)) / 1_000 }],
    ),
  );
  family('toolway_http_requests_total', 'counter', 'Requests that were answered.', () =>
    [...requests()].map(([labels, value]) => ({ labels: { ...labels }, value })),
  );
  family('toolway_uptime_seconds', 'gauge', 'The age of the toolkit.', () => [
    { labels: {}, value: report.uptimeMs / 1_000 },
  ]);

  return async () => {
    report = toolkit.metrics();
    status = toolkit.status();
    return { contentType: registry.contentType, text: await registry.metrics() };
  };
};

const labelsOf = (name: string): { server: string; tool: string } => {
  const at = name.indexOf('.');
  return at === -1 ? { server: '', tool: name } : { server: name.slice(0, at), tool: name.slice(at + 1) };
};

const histogramOf = ({ server, tool, buckets, sumS }: Durations): Value[] => {
  const metric = 'toolway_tool_call_duration_seconds';
  let below = 0;
  const values = [...buckets].map((count, index): Value => {
    below += count;
    const le = index < BOUNDS_S.length ? String(BOUNDS_S[index]) : '+Inf';
    return { metricName: `${metric}_bucket`, labels: { server, tool, le }, value: below };
  });
  const labels = { server, tool };
  return [
    ...values,
    { metricName: `${metric}_sum`, labels, value: sumS },
    { metricName: `${metric}_count`, labels, value: below },
  ];
};
