/** What `toolkit.status()` says of one server, and `toolkit.calls()` of one call. */
import type { CallInfo, ChildStatus, ServerState, ServerStatus } from '../api.ts';
import type { Call } from '../call.ts';
import type { ConnectionState } from '../connection/state.ts';
import { withoutUndefined } from '../errors.ts';
import type { ServerTraffic } from '../middleware/traffic.ts';
import type { ServerConfig } from '../options.ts';
import type { TransportKind } from '../transport/transport.ts';
import type { Catalog } from './catalog.ts';
import type { ServerFacts } from './record.ts';

export interface DescribedServer {
  config: ServerConfig;
  /** What it is, or was meant to be where it cannot be used. */
  kind: TransportKind | undefined;
  state: ConnectionState;
  children: ChildStatus[] | undefined;
  facts: ServerFacts;
  closed: boolean;
  catalog: Catalog;
  /** Absent before its first call. */
  traffic: ServerTraffic | undefined;
}

export const describeServer = (described: DescribedServer): ServerStatus => {
  const { config, kind, state, children, facts, closed, catalog, traffic } = described;
  const { last, lastError, lastUpdated, lastHealthCheck } = facts;
  const session = state.name === 'ready' ? state.session : undefined;
  const shown = session ?? last?.session;
  const transport = shown?.transport.kind ?? kind;
  const count = (kindOfList: 'tools' | 'resources' | 'prompts'): number => catalog.known(kindOfList)?.items.length ?? 0;
  return withoutUndefined({
    configured: true,
    connected: session !== undefined,
    state: (closed ? undefined : off(config)) ?? stateOf(state, last !== undefined),
    era: shown?.era,
    protocolVersion: shown?.protocolVersion,
    transport,
    serverInfo: shown?.identity.serverInfo,
    instructions: shown?.identity.instructions,
    toolsCount: count('tools'),
    resourcesCount: count('resources'),
    promptsCount: count('prompts'),
    lastHealthCheck,
    lastUpdated,
    lastError: (state.name === 'failed' && state.cause) || lastError,
    breaker: traffic?.fuse.name ?? 'closed',
    inFlight: traffic?.lane.inFlight ?? 0,
    queued: traffic?.lane.queued ?? 0,
    pid: session?.transport.pid,
    children,
    connectMs: last === undefined ? undefined : Math.round(last.connectMs),
  });
};

/** Where a server stands that is not meant to be reached. */
const off = ({ disabled, untrusted }: ServerConfig): ServerState | undefined => {
  if (disabled === true) return 'disabled';
  return untrusted === true ? 'untrusted' : undefined;
};

/** A server that was never reached is `failed` between attempts; one that was is `reconnecting`. */
const stateOf = (state: ConnectionState, everConnected: boolean): ServerState => {
  const { name } = state;
  if (name === 'failed') return state.cause.code === 'auth_required' ? 'auth_required' : 'failed';
  return everConnected && (name === 'connecting' || name === 'waiting') ? 'reconnecting' : STATES[name];
};
const STATES = {
  idle: 'disconnected',
  connecting: 'connecting',
  ready: 'connected',
  waiting: 'failed',
  closed: 'closed',
} as const satisfies Partial<Record<ConnectionState['name'], ServerState>>;

export const describeCall = (call: Call, now: number): CallInfo =>
  withoutUndefined({
    id: call.id,
    server: call.server,
    scope: call.scope,
    method: call.method,
    tool: call.toolName,
    principal: call.principal,
    state: call.state,
    attempt: call.attempt,
    elapsedMs: now - call.startedAt,
  });
