/** What a user may set: servers, defaults, and what one call may ask for. Times are in milliseconds. */
import type { ToolwayError } from './errors.ts';
import type { Handlers, RequestHandlers } from './handlers.ts';
import type { PinMode, Policy, Taint } from './permission.ts';
import type { CallToolResult, Implementation, JsonObject, LogLevel, Progress } from './protocol/types.ts';
import type { OpenTelemetryApi } from './telemetry/api.ts';
import type { Transport } from './transport/transport.ts';

/** Among which callers of the gateway one connection to a server is shared. */
export type Isolation = 'shared' | 'perSession' | 'perPrincipal';

/** How many children of one stdio server there are, and for how long each. Of a server that is reached, `max` and `idleMs` count for the connections of scopes. */
export interface PoolOption {
  /**
   * Children that are started and initialized ahead for scopes that are yet to come; each is given to one scope, and
   * another one is started in its place. Default 0. They are there from the start where `isolation` is `perSession` or
   * `perPrincipal`, else from the first scope on; a server whose definition refers to its principal has none.
   */
  warm?: number;
  /**
   * Most children of scopes at a time, warm ones among them; the one of all who name no scope is not counted. For one
   * more, the one that was not used longest is ended; where all are in use its calls are `backpressure`. Default: `limits.maxScopes`.
   */
  max?: number;
  /** An older child is replaced: it ends with its last call, and no call fails. Default: never. */
  maxLifetimeMs?: number;
  /**
   * A child that has more memory in use, its own children included, is replaced likewise; at twice as much it is killed.
   * In MiB, looked at every two seconds. Default: no limit.
   */
  maxMemoryMb?: number;
  /** How long the child of a scope is kept without a call. Default: `limits.scopeIdleMs`. */
  idleMs?: number;
}

/** How a configured server is reached. */
export type ServerTransport = 'stdio' | 'http' | 'sse' | 'websocket';

/** One server. `command` or `url` says where it is, or `transport` is a function that makes the link. */
export interface ServerConfig extends Handlers {
  /** stdio: the program, found on PATH; started without a shell. */
  command?: string;
  args?: string[];
  /** stdio: variables beside the safe list (PATH, HOME, …); nothing else of ours reaches the child. */
  env?: Record<string, string>;
  cwd?: string;
  /** stdio, in Node: a file of `NAME=value` lines, read when the server is started; `env` wins over it. */
  envFile?: string;
  /** http(s), or ws(s). */
  url?: string;
  headers?: Record<string, string>;
  /** In Node, for https and wss: files with the authorities to trust instead of the system's, and with our own certificate and its key; or their PEM texts. */
  tls?: { ca?: string; cert?: string; key?: string };
  /** In Node, for http(s): the URL of an HTTP proxy that tunnels; a user name and a password may stand in it. */
  proxy?: string;
  /** Guessed from `command` or `url` where absent: `http` falls back to `sse`. A function makes a custom or in-memory link, anew for each connection. */
  transport?: ServerTransport | (() => Transport | Promise<Transport>);
  /** Pins the protocol era. Default `auto`: found out by asking. */
  era?: 'auto' | 'legacy' | 'modern';
  disabled?: boolean;
  /** It was found rather than named, and nobody has agreed to it: it is listed as `untrusted`, neither started nor reached, and calls to it are `denied`. */
  untrusted?: boolean;
  /** Only these tools are listed and callable (`*` is a wildcard). */
  enabledTools?: string[];
  disabledTools?: string[];
  /** Tools (`*` is a wildcard) that the policy's default does not ask for; no rule is overridden by it. */
  autoApprove?: string[];
  /** Believes this server's hints about its tools. Default false. */
  trustHints?: boolean;
  /**
   * What its tools answer is not held against a model that reads it, as far as they are believed to keep to what is the
   * server's own (`openWorldHint: false`, and `trustHints`), and unless it is in a `group`. Default false.
   */
  trustResults?: boolean;
  /** Default: the toolkit's. */
  pins?: PinMode;
  retrySafe?: string[];
  group?: string;
  /** How the gateway shares connections to this server among its callers. Default: what the gateway says, else `shared`. */
  isolation?: Isolation;
  /** stdio: how many children there are ahead and at most, and when one is replaced. */
  pool?: PoolOption;
  autoReconnect?: boolean;
  maxRetries?: number;
  retryDelayMs?: number;
  /**
   * How often a server that was not heard of is asked for a sign of life; after two misses it is connected anew. 0: never.
   * Default: 30 000 for stdio and SSE in the legacy era and for WebSockets, else 0.
   */
  healthCheckIntervalMs?: number;
  /** Bounds one connection attempt. Default 60 000 for stdio, else 20 000. */
  connectTimeoutMs?: number;
  /** Longest time without an answer or progress. Default 60 000. */
  timeoutMs?: number;
  /** Longest time of a whole call. Default 300 000. */
  totalTimeoutMs?: number;
  /** Calls in flight to this server. Default 64; further ones wait. */
  maxConcurrency?: number;
  /** One inbound message, in bytes. Default 10 MiB. */
  maxMessageBytes?: number;
  rateLimit?: { perSecond: number; burst?: number };
  /** Default 3 attempts; only what is safe to send again is, see `retrySafe`. */
  retry?: RetryOption;
  /**
   * After `failures` in a row (default 5), or when half of the calls of half a minute failed, calls fail with
   * `breaker_open` for `openMs` (default 5 000; doubled each time, up to 300 000), then a probe of our own decides.
   * `false`: never.
   */
  breaker?: BreakerOption;
  /** Answers of the tools named (`*` is a wildcard) are kept for `ttlMs` (default 60 000), and equal calls in flight are merged. */
  cache?: { ttlMs?: number; tools: string[] };
  /** Severity from which the server shall send log messages. Default: `info` where `onLog` is set. */
  logLevel?: LogLevel;
}

/** When a server's calls are held back; `false`: never. */
export type BreakerOption = false | { failures?: number; openMs?: number };

/** A value that a configuration wants asked for, as in VS Code's `inputs`. */
export interface InputDefinition {
  id: string;
  type: 'promptString' | 'pickString';
  /** The question. */
  description?: string;
  default?: string;
  /** What is typed is not to be shown. */
  password?: boolean;
  /** `pickString`: the only answers there are, with what people see instead where that differs. */
  options?: readonly { value: string; label?: string }[];
}

/** Numbers that bound what servers can make us hold. Defaults as in the reliability notes. */
export interface Limits {
  /** Calls waiting per server. Default 256; one more is `backpressure`. */
  maxQueue?: number;
  /** Depth of one JSON value. Default 64. */
  maxDepth?: number;
  /** Pages of one list. Default 64. */
  maxPages?: number;
  /** Tools of one server. Default 2 000. */
  maxTools?: number;
  /** Bytes of one list, all pages. Default 5 MiB. */
  maxListBytes?: number;
  /** Rounds of `input_required` in one call. Default 10. */
  maxInputRounds?: number;
  /** Scopes per server that have a connection. Default 256; for one more, the one that was not used longest is closed, and where all are in use it is `backpressure`. */
  maxScopes?: number;
  /** How long the connection of a scope is kept without a call. Default 300 000. */
  scopeIdleMs?: number;
  /** Answers of all servers that are kept. Default 512; the one that was not asked for longest makes room. */
  maxCacheEntries?: number;
  /** The same in bytes. Default 64 MiB. */
  maxCacheBytes?: number;
  /** How long a person may take over one approval. Default 300 000. */
  approvalTimeoutMs?: number;
}

/**
 * What `createToolkit` takes. Everything has a default; without `mcpServers` the toolkit is empty until `addServer`.
 */
export interface ToolkitOptions extends Handlers {
  mcpServers?: Record<string, ServerConfig>;
  /** Any server field, for servers that do not say otherwise. */
  defaults?: Partial<ServerConfig>;
  /** `eager` connects in the background, `lazy` on first use, `wait` resolves when every server is connected or failed. */
  connect?: 'eager' | 'lazy' | 'wait';
  /** Where `${…}` in command, args, env, url and headers is looked up. Default: `process.env` in Node, empty in browsers. */
  env?: Record<string, string | undefined>;
  /** What `${input:id}` stands for. */
  inputs?: readonly InputDefinition[];
  /** Asks the user for such a value, once for each; what it gives is not kept beyond the toolkit. Without it, defaults are taken. */
  onInput?: (input: InputDefinition, context: { server: string }) => string | undefined | Promise<string | undefined>;
  limits?: Limits;
  /** Which calls are let through, asked for, or refused. Default: all are let through. */
  policy?: Policy;
  /** A tool is held to the definition first seen; by default calls of one that changed fail with `tool_changed`. */
  pins?: PinMode;
  /** Node: a file that keeps what was first seen, across restarts. */
  pinFile?: string;
  /** How long calls of `queue` are collected, from the first one. Default 100. */
  batchWindowMs?: number;
  /** Node: a file that keeps the lists of all servers. A later run shows them, `stale`, where it is not connected. */
  catalogueFile?: string;
  /** How this client introduces itself. */
  clientInfo?: Implementation;
  /** Hears what Toolway itself has to say. Default: nobody. */
  logger?: Logger;
  /** Takes the structured log: a line of JSON for every event and for what a `logger` hears. Secrets are masked. Default: nobody. */
  log?: LogSink;
  /**
   * Traces and metrics over OpenTelemetry. By default in Node where a provider is registered by the time the toolkit is
   * made; `true` in every case, and `invalid_config` where `@opentelemetry/api` is not installed. In browsers it is
   * handed over: `await import('@opentelemetry/api')`.
   */
  telemetry?: boolean | OpenTelemetryApi;
}

/** How much a line of the structured log matters. */
export type LogSeverity = 'debug' | 'info' | 'warn' | 'error';

/** Is given each line of the structured log, without a line end; `level` is the least that is written, `info` by default. */
export type LogSink = ((line: string) => void) | { write(line: string): void; level?: LogSeverity };

/** Where Toolway itself reports; `console` fits. */
export interface Logger {
  debug(message: string, facts?: JsonObject): void;
  info(message: string, facts?: JsonObject): void;
  warn(message: string, facts?: JsonObject): void;
  error(message: string, facts?: JsonObject): void;
}

/** What one request may ask for beside its arguments. */
export interface RequestOptions {
  signal?: AbortSignal;
  /** Longest time without an answer or progress. Above 0, `Infinity` for no limit; anything else is `invalid_arguments`. */
  timeoutMs?: number;
  /** Longest time altogether, under the same rule. */
  totalTimeoutMs?: number;
  /** Every progress notification, in order, before the result. */
  onProgress?: (progress: Progress) => void;
  /** Further `_meta` for the server. */
  meta?: JsonObject;
  /** On whose behalf. */
  principal?: string;
  /** Which connection it may share: each scope of a server has one of its own. Default: that of all who name none. */
  scope?: string;
  /**
   * Answer what the server asks in the course of this request, instead of the toolkit's handlers and the server's own;
   * what is absent here is refused. A legacy server is told at connecting what can be asked of the toolkit, so that a
   * capability needs a handler there as well, and does not say which request it asks for: of several in flight on its
   * connection none is asked, unless all have the very same handlers, or one `conversation`. While such a handler
   * answers, the limits of the request stand still: it heeds its signal, or bounds itself.
   */
  handlers?: RequestHandlers;
}

/** What one tool call may ask for. */
export interface CallOptions extends RequestOptions {
  /**
   * A model chose the call, and had read this by then; a copy is taken. Such a call is judged also where there is no
   * policy, by a default of `ask`. Once the model had read anything, what may write or reach the outside is asked for
   * even where a rule allows it, unless the rule says `tainted`.
   */
  taint?: Taint;
  /** How often the call may be sent in all, where sending again is safe; `false` sends it once. Default: the server's `retry`. */
  retry?: RetryOption;
  /** `false`: neither a kept answer nor that of an equal call in flight will do. Default: the server's `cache`. */
  cache?: CacheOption;
  /**
   * Calls of one principal, in one scope, to one server or group with this key, the same tool and arguments share one
   * outcome; it travels in `_meta`. A server that is tried after another one failed, and each one of a broadcast, has an
   * outcome of its own.
   */
  idempotencyKey?: string;
  /**
   * What stands in when the call fails. Servers are tried where the call cannot have run or both tools are `retrySafe`.
   * A call with a fallback does not wait for a server that was lost. Default: the other servers of the server's
   * `group` whose tool takes the same input; `false`: not even these.
   */
  fallback?: false | Fallback;
}

/** Names of servers (for a tool of the same name), `server.tool` names, a function, or a list of these, in which functions come last. */
export type Fallback = string | FallbackFunction | readonly (string | FallbackFunction)[];
/**
 * Gives a result where all servers failed; called for every failure but `denied` and `cancelled`. The end of the
 * call may be what failed, so it has a time of its own: the call's `timeoutMs`, from when it is called, also beyond the
 * call's `totalTimeoutMs`. What it throws is told beside the failure before it.
 */
export type FallbackFunction = (call: FailedCall, error: ToolwayError) => CallToolResult | Promise<CallToolResult>;
/** What a fallback function is told of the call that failed. */
export interface FailedCall {
  /** As the caller gave it. */
  name: string;
  arguments: Record<string, unknown>;
  /** Where the name led, if it led anywhere. */
  server?: string;
  tool?: string;
  principal?: string;
  scope?: string;
  /** Aborted when nobody waits for the result any more. */
  signal: AbortSignal;
}

/** How often a call may be sent in all, where sending again is safe. */
export type RetryOption = false | { attempts: number };
/** For how long an answer may be kept, or that none is. */
export type CacheOption = false | { ttlMs: number };

/** What a tool answered, by another name. */
export type ToolResult = CallToolResult;
