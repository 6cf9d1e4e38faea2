/** The fields of one server, in every spelling that hosts use. */
import type { Isolation, ServerConfig, ServerTransport } from '../options.ts';
import type { LogLevel } from '../protocol/types.ts';
import type { Dialect } from './dialect.ts';
import { breaker, cache, pool, rateLimit, retry, tls } from './nested.ts';
import { pinMode } from './permission.ts';
import {
  count,
  flag,
  kindOf,
  limitMs,
  limitSeconds,
  limitSecondsOrMs,
  ms,
  names,
  oneOf,
  type Read,
  type Reader,
  seconds,
  some,
  someText,
  strings,
  text,
  words,
} from './readers.ts';

/** Reads one field into the part of a server's configuration that it sets. */
export type Field = (value: unknown) => Read<Partial<ServerConfig>>;

const TRANSPORTS: Record<string, ServerTransport> = {
  stdio: 'stdio',
  local: 'stdio',
  http: 'http',
  https: 'http',
  'streamable-http': 'http',
  streamablehttp: 'http',
  sse: 'sse',
  ws: 'websocket',
  wss: 'websocket',
  websocket: 'websocket',
};

/** Understands every host's word for a transport: `streamable_http`, `streamableHttp`, `ws`, … */
export const transport: Reader<ServerTransport> = (value) => {
  if (typeof value !== 'string') return { ok: false, message: `must be a string, not ${kindOf(value)}` };
  const spelling = value.toLowerCase().replaceAll('_', '-');
  if (Object.hasOwn(TRANSPORTS, spelling)) return { ok: true, value: TRANSPORTS[spelling] as ServerTransport };
  return { ok: false, message: `must be one of stdio, http, sse, websocket, not ${JSON.stringify(value)}` };
};

/** The URL of an HTTP proxy, or a reference to one. */
const proxy: Reader<string> = (value) => {
  const url = someText(value);
  if (!url.ok || url.value.includes('${')) return url;
  const fits = URL.canParse(url.value) && /^https?:$/.test(new URL(url.value).protocol);
  return fits ? url : { ok: false, message: 'must be the URL of an HTTP proxy, http://… or https://…' };
};

/** A field whose value is read by `read`, and sets what `set` makes of it. */
export const map =
  <T>(read: Reader<T>, set: (value: T) => Partial<ServerConfig>): Field =>
  (value) => {
    const result = read(value);
    return result.ok ? { ok: true, value: set(result.value) } : result;
  };

const LOG_LEVELS: LogLevel[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

/** How one server's connections are shared among callers of the gateway. */
export const isolation = oneOf(['shared', 'perSession', 'perPrincipal'] as const satisfies Isolation[]);

/** The fields under their own names; each is also read in snake_case. */
const OWN: Record<string, Field> = {
  command: map(someText, (command) => ({ command })),
  args: map(words, (args) => ({ args })),
  env: map(strings, (env) => ({ env })),
  cwd: map(someText, (cwd) => ({ cwd })),
  envFile: map(someText, (envFile) => ({ envFile })),
  url: map(someText, (url) => ({ url })),
  headers: map(strings, (headers) => ({ headers })),
  proxy: map(proxy, (url) => ({ proxy: url })),
  tls: map(tls, (option) => ({ tls: option })),
  transport: map(transport, (kind) => ({ transport: kind })),
  era: map(oneOf(['auto', 'legacy', 'modern'] as const), (era) => ({ era })),
  disabled: map(flag, (disabled) => ({ disabled })),
  enabledTools: map(names, (enabledTools) => ({ enabledTools })),
  disabledTools: map(names, (disabledTools) => ({ disabledTools })),
  autoApprove: map(names, (autoApprove) => ({ autoApprove })),
  pins: map(pinMode, (pins) => ({ pins })),
  trustHints: map(flag, (trustHints) => ({ trustHints })),
  trustResults: map(flag, (trustResults) => ({ trustResults })),
  retrySafe: map(names, (retrySafe) => ({ retrySafe })),
  group: map(text, (group) => ({ group })),
  isolation: map(isolation, (sharing) => ({ isolation: sharing })),
  pool: map(pool, (option) => ({ pool: option })),
  autoReconnect: map(flag, (autoReconnect) => ({ autoReconnect })),
  maxRetries: map(count, (maxRetries) => ({ maxRetries })),
  retryDelayMs: map(ms, (retryDelayMs) => ({ retryDelayMs })),
  healthCheckIntervalMs: map(ms, (healthCheckIntervalMs) => ({ healthCheckIntervalMs })),
  connectTimeoutMs: map(limitMs, (connectTimeoutMs) => ({ connectTimeoutMs })),
  timeoutMs: map(limitMs, (timeoutMs) => ({ timeoutMs })),
  totalTimeoutMs: map(limitMs, (totalTimeoutMs) => ({ totalTimeoutMs })),
  maxConcurrency: map(some, (maxConcurrency) => ({ maxConcurrency })),
  maxMessageBytes: map(some, (maxMessageBytes) => ({ maxMessageBytes })),
  rateLimit: map(rateLimit, (limit) => ({ rateLimit: limit })),
  retry: map(retry, (option) => ({ retry: option })),
  breaker: map(breaker, (option) => ({ breaker: option })),
  cache: map(cache, (option) => ({ cache: option })),
  logLevel: map(oneOf(LOG_LEVELS), (logLevel) => ({ logLevel })),
};

/** What other hosts, and the systems that Toolway grew from, call them. */
const FOREIGN: Record<string, Field> = {
  type: map(transport, (kind) => ({ transport: kind })),
  transportType: map(transport, (kind) => ({ transport: kind })),
  serverUrl: map(someText, (url) => ({ url })),
  httpUrl: map(someText, (url) => ({ url, transport: 'http' })),
  enabled: map(flag, (enabled) => ({ disabled: !enabled })),
  includeTools: map(names, (enabledTools) => ({ enabledTools })),
  excludeTools: map(names, (disabledTools) => ({ disabledTools })),
  allowedTools: map(names, (enabledTools) => ({ enabledTools })),
  blockedTools: map(names, (disabledTools) => ({ disabledTools })),
  alwaysAllow: map(names, (autoApprove) => ({ autoApprove })),
  timeout: map(limitSecondsOrMs, (timeoutMs) => ({ timeoutMs })),
  retry_delay: map(seconds, (retryDelayMs) => ({ retryDelayMs })),
  health_check_interval: map(seconds, (healthCheckIntervalMs) => ({ healthCheckIntervalMs })),
  startup_timeout_sec: map(limitSeconds, (connectTimeoutMs) => ({ connectTimeoutMs })),
  tool_timeout_sec: map(limitSeconds, (timeoutMs) => ({ timeoutMs })),
  http_headers: map(strings, (headers) => ({ headers })),
  bearer_token_env_var: map(someText, (name) => ({ headers: { Authorization: `Bearer \${${name}}` } })),
  env_http_headers: map(strings, (byHeader) => ({
    headers: Object.fromEntries(Object.entries(byHeader).map(([header, name]) => [header, `\${${name}}`])),
  })),
  env_vars: map(words, (variables) => ({
    env: Object.fromEntries(variables.map((name) => [name, `\${${name}}`])),
  })),
};

/** Fields of the contract that this version reads over; they are reported, never dropped in silence. */
const WITHOUT_EFFECT: readonly string[] = ['oauth', 'oauthScopes', 'auth'];

const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The reader of a field in any spelling; none for a field that Toolway does not know. */
export const fieldNamed = (name: string, { fields = {} }: Pick<Dialect, 'fields'> = {}): Field | undefined => {
  if (Object.hasOwn(fields, name)) return fields[name];
  for (const table of [FOREIGN, OWN]) {
    for (const spelling of [name, camel(name)]) if (Object.hasOwn(table, spelling)) return table[spelling];
  }
  return undefined;
};

/** Whether a field, in any spelling, means something that does not happen. */
export const isWithoutEffect = (name: string, { withoutEffect = [] }: Pick<Dialect, 'withoutEffect'> = {}): boolean =>
  WITHOUT_EFFECT.includes(camel(name)) || withoutEffect.includes(name);

/** Every name a field can have, for suggestions. */
export const fieldNames = ({ fields = {}, ignored = [] }: Pick<Dialect, 'fields' | 'ignored'> = {}): string[] => [
  ...Object.keys(OWN),
  ...Object.keys(FOREIGN),
  ...WITHOUT_EFFECT,
  ...Object.keys(fields),
  ...ignored,
];
