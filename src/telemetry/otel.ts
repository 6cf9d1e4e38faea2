/**
 * Traces and metrics over OpenTelemetry: one client span per call, after the semantic conventions for MCP
 * (opentelemetry.io/docs/specs/semconv/gen-ai/mcp), and the trace's context in the `_meta` of the request, where MCP
 * reserves `traceparent`, `tracestate` and `baggage` for it.
 */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { guarded } from '../events.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { OpenTelemetryApi, OpenTelemetrySpan, TelemetryFacts } from './api.ts';

/** The link that a call went over, as far as it is known. */
export interface LinkFacts {
  kind?: string | undefined;
  protocolVersion?: string;
  sessionId?: string | undefined;
  url?: string | undefined;
}

export interface TelemetryOptions {
  api: OpenTelemetryApi;
  clock: Clock;
  /** The version of Toolway, and what runs a function whose failure changes nothing: handed in, since both are loaded long before. */
  version: string;
  guarded: typeof guarded;
  linkOf(call: Call): LinkFacts | undefined;
  /** Takes the secrets out of a value: of errors, names and attributes. */
  masked<T>(value: T): T;
  /** Hears when a provider fails, which changes nothing for the call. */
  report(error: unknown): void;
}

type CallFn = (call: Call) => Promise<JsonObject>;

/** Of the enumerations `SpanKind` and `SpanStatusCode`. */
const CLIENT = 2;
const ERROR = 2;
/** Those that the conventions recommend, in seconds. */
const BOUNDARIES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

/** A step of the road. */
export const createTelemetry = (options: TelemetryOptions): ((next: CallFn) => CallFn) => {
  const { api, clock, version, guarded, linkOf, masked, report } = options;
  const { context, propagation, trace } = api;
  const tracer = trace.getTracer('toolway', version);
  const durations = api.metrics.getMeter('toolway', version).createHistogram('mcp.client.operation.duration', {
    description: 'How long a request to an MCP server took, as its caller saw it.',
    unit: 's',
    advice: { explicitBucketBoundaries: BOUNDARIES },
  });

  /** A caller who has no span but says `traceparent` is at the beginning of ours. */
  const parentOf = ({ meta }: Call): unknown => {
    const active = context.active();
    return typeof meta?.traceparent === 'string' && trace.getSpan(active) === undefined
      ? propagation.extract(active, meta)
      : active;
  };
  const begin = (call: Call): { span: OpenTelemetrySpan; within: unknown } => {
    const parent = parentOf(call);
    const subject = subjectOf(call);
    const name = subject.name === undefined ? call.method : `${call.method} ${subject.name}`;
    const span = tracer.startSpan(
      masked(name),
      { kind: CLIENT, attributes: masked({ ...subject.facts, 'toolway.server': call.server }) },
      parent,
    );
    const within = trace.setSpan(parent, span);
    const carrier: JsonObject = {};
    propagation.inject(within, carrier);
    if (call.meta !== undefined) call.meta = { ...call.meta, ...carrier };
    return { span, within };
  };

  const end = (call: Call, { span, within }: ReturnType<typeof begin>, outcome: Outcome): void => {
    const link = linkFacts(linkOf(call) ?? {});
    const failure = failureFacts(outcome);
    const { facts, name } = subjectOf(call);
    // Said again: the secrets of a server are not known before it is connected.
    span.setAttributes(masked({ ...facts, ...link.shared, ...link.own, ...failure, ...callFacts(call, outcome) }));
    if (outcome.error !== undefined) span.setStatus({ code: ERROR, message: outcome.error.message });
    else if (outcome.isToolError) span.setStatus({ code: ERROR });
    span.end();
    // A name that no list has is a caller's invention: each would be a series of its own.
    if (call.tool === undefined && name !== undefined) delete facts['gen_ai.tool.name'];
    delete facts['mcp.resource.uri'];
    durations.record((clock.now() - call.startedAt) / 1_000, masked({ ...facts, ...link.shared, ...failure }), within);
  };

  return (next) => async (call) => {
    let begun: ReturnType<typeof begin> | undefined;
    guarded(() => {
      begun = begin(call);
    }, report);
    if (begun === undefined) return next(call);
    const { within } = begun;
    const settle = (outcome: Outcome): void => guarded(() => begun && end(call, begun, outcome), report);
    try {
      const result = await context.with(within, () => next(call));
      settle({ isToolError: call.method === 'tools/call' && result.isError === true });
      return result;
    } catch (thrown) {
      settle({ isToolError: false, error: masked(ToolwayError.from(thrown)) });
      throw thrown;
    }
  };
};

interface Outcome {
  isToolError: boolean;
  error?: ToolwayError;
}

/** What is asked for. */
const subjectOf = ({ method, params }: Call): { name?: string; facts: TelemetryFacts } => {
  const facts: TelemetryFacts = { 'mcp.method.name': method };
  if (method === 'tools/call') {
    const name = String(params.name);
    return { name, facts: { ...facts, 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name } };
  }
  if (method === 'prompts/get') {
    const name = String(params.name);
    return { name, facts: { ...facts, 'gen_ai.prompt.name': name } };
  }
  return { facts: typeof params.uri === 'string' ? { ...facts, 'mcp.resource.uri': params.uri } : facts };
};

const TRANSPORTS: Record<string, TelemetryFacts> = {
  stdio: { 'network.transport': 'pipe' },
  http: { 'network.transport': 'tcp', 'network.protocol.name': 'http' },
  sse: { 'network.transport': 'tcp', 'network.protocol.name': 'http' },
  websocket: { 'network.transport': 'tcp', 'network.protocol.name': 'websocket' },
};

/** `shared` goes with measurements too; `own` would make a series of each session. */
const linkFacts = ({ kind = '', protocolVersion, sessionId, url = '' }: LinkFacts) => {
  const { hostname, port } = URL.canParse(url) ? new URL(url) : { hostname: '', port: '' };
  const shared: TelemetryFacts = {
    ...(Object.hasOwn(TRANSPORTS, kind) ? TRANSPORTS[kind] : {}),
    ...(protocolVersion === undefined ? {} : { 'mcp.protocol.version': protocolVersion }),
    ...(hostname === '' ? {} : { 'server.address': hostname }),
    ...(port === '' ? {} : { 'server.port': Number(port) }),
  };
  const own: TelemetryFacts = sessionId === undefined ? {} : { 'mcp.session.id': sessionId };
  return { shared, own };
};

const failureFacts = ({ isToolError, error }: Outcome): TelemetryFacts => {
  if (error === undefined) return isToolError ? { 'error.type': 'tool_error' } : {};
  const { code, rpcCode } = error;
  if (code !== 'server_error' || rpcCode === undefined) return { 'error.type': code };
  return { 'error.type': String(rpcCode), 'rpc.response.status_code': String(rpcCode) };
};

const callFacts = (call: Call, { error }: Outcome): TelemetryFacts => ({
  ...(call.requestId === undefined ? {} : { 'jsonrpc.request.id': String(call.requestId) }),
  'toolway.attempts': call.attempt,
  ...(error?.executed === undefined ? {} : { 'toolway.executed': error.executed }),
  ...(error === undefined ? {} : { 'toolway.error.code': error.code }),
  ...(call.cached ? { 'toolway.cached': true } : {}),
  ...(call.merged ? { 'toolway.merged': true } : {}),
});
