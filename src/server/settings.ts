/** What a server's configuration says, with the defaults for what it leaves open. */

import type { Handlers } from '../handlers.ts';
import { matchesPattern } from '../names.ts';
import type { ServerConfig } from '../options.ts';
import type { ListKind } from '../protocol/lists.ts';
import type { Session } from '../protocol/session.ts';
import type { Implementation } from '../protocol/types.ts';
import type { TransportKind } from '../transport/transport.ts';
import { VERSION } from '../version.ts';

/** Defaults of a server's fields, as the contract has them. */
export const DEFAULTS = {
  timeoutMs: 60_000,
  totalTimeoutMs: 300_000,
  retryDelayMs: 1_000,
  healthCheckIntervalMs: 30_000,
};
export const CONNECT_TIMEOUT_MS = { stdio: 60_000, other: 20_000 };
/** Defaults of `Limits`. */
export const LIMITS = {
  maxDepth: 64,
  maxPages: 64,
  maxTools: 2_000,
  maxListBytes: 5 * 1024 * 1024,
  maxInputRounds: 10,
  maxScopes: 256,
  scopeIdleMs: 300_000,
};
/** The kind of link that a configuration asks for; undefined for one that the user makes. */
export const kindOf = ({ transport, command, url }: ServerConfig): TransportKind | undefined => {
  if (typeof transport === 'function') return undefined;
  if (transport !== undefined) return transport;
  if (command !== undefined) return 'stdio';
  return url !== undefined && /^wss?:/i.test(url) ? 'websocket' : 'http';
};

/** How often it is looked whether a server still lives; 0: never. By default where a link can outlive its server, and the era has an inexpensive way to ask. */
export const healthIntervalMs = ({ healthCheckIntervalMs }: ServerConfig, { era, transport }: Session): number => {
  if (healthCheckIntervalMs !== undefined) return healthCheckIntervalMs;
  const { kind } = transport;
  const asks = kind === 'websocket' || (era === 'legacy' && (kind === 'stdio' || kind === 'sse'));
  return asks ? DEFAULTS.healthCheckIntervalMs : 0;
};

/** Whether the configuration lets callers see and call this tool. */
export const allows = ({ enabledTools, disabledTools }: ServerConfig, tool: string): boolean => {
  if (disabledTools?.some((pattern) => matchesPattern(pattern, tool))) return false;
  return enabledTools === undefined || enabledTools.some((pattern) => matchesPattern(pattern, tool));
};

/** Whether a list may be taken as current until the server says otherwise. Legacy servers that announce no changes are taken at their first word; modern ones say how long a list holds. */
export const announces = (session: Session | undefined, list: ListKind): boolean => {
  if (session === undefined || session.era === 'legacy') return true;
  const { capabilities } = session.identity;
  return (list === 'resourceTemplates' ? capabilities.resources : capabilities[list])?.listChanged === true;
};

const HANDLERS = [
  'onElicit',
  'onSample',
  'roots',
  'onRefused',
  'onLog',
  'onTask',
] as const satisfies (keyof Handlers)[];

/** The handlers of one server: its own where it has them, else those of the toolkit. */
export const handlersOf = (own: Handlers, shared: Handlers): Handlers => {
  const given = HANDLERS.map((name) => [name, own[name] ?? shared[name]] as const);
  return Object.fromEntries(given.filter(([, handler]) => handler !== undefined));
};

/** How Toolway introduces itself where the user does not say otherwise. */
export const CLIENT_INFO: Implementation = { name: 'toolway', version: VERSION };
