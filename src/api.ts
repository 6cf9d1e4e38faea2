/** The public face of a toolkit: what `createToolkit` gives. */
import type { CredentialSource, WantedCredentials } from './credentials.ts';
import type { ToolwayError } from './errors.ts';
import type { EventHandler, EventName } from './events.ts';
import type { Middleware } from './middleware/middleware.ts';
import type { CallOptions, RequestOptions, ServerConfig } from './options.ts';
import type { ServerClient } from './protocol/client.ts';
import type {
  CallToolResult,
  Completion,
  CompletionReference,
  GetPromptResult,
  Implementation,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplate,
  Tool,
} from './protocol/types.ts';
import type { EraName } from './protocol/wire.ts';
import type { ToolkitMetrics } from './telemetry/metrics.ts';
import type { TransportKind } from './transport/transport.ts';

/** Where an entry of the catalogue comes from, and how old it is. */
export interface Listed {
  server: string;
  /** When the list was read, as milliseconds since the Unix epoch. */
  fetchedAt: number;
  /** True when the server cannot be reached now and this is what it last said. */
  stale: boolean;
}
/** A tool of the catalogue: the server's own object, untouched, and where it comes from. */
export type ListedTool = Tool &
  Listed & {
    qualifiedName: string;
    /** What it answers is not held against a model that reads it: its server has `trustResults`, and it is believed to keep to what is the server's own. */
    trustedResults?: true;
    /** It is not what was first seen of it: calls are `tool_changed` until it is accepted, and no model should be shown it. */
    changed?: true;
  };
/** A resource of the catalogue: the server's own object, untouched, and where it comes from. */
export type ListedResource = Resource & Listed & { qualifiedName: string };
/** A resource template of the catalogue: the server's own object, untouched, and where it comes from. */
export type ListedResourceTemplate = ResourceTemplate & Listed & { qualifiedName: string };
/** A prompt of the catalogue: the server's own object, untouched, and where it comes from. */
export type ListedPrompt = Prompt & Listed & { qualifiedName: string };

/** Where a server stands. `failed` is final until `reconnect`; `reconnecting` goes on by itself. */
export type ServerState =
  | 'disconnected'
  | 'connecting'
  | 'connected'
  | 'reconnecting'
  | 'failed'
  | 'auth_required'
  | 'untrusted'
  | 'disabled'
  | 'closed';

/** What is known of one server now; asking sends nothing. */
export interface ServerStatus {
  configured: boolean;
  connected: boolean;
  state: ServerState;
  era?: EraName;
  protocolVersion?: string;
  /** Absent before the first connection over a link that the user makes, and where the configuration does not say. */
  transport?: TransportKind;
  serverInfo?: Implementation;
  instructions?: string;
  toolsCount: number;
  resourcesCount: number;
  promptsCount: number;
  /** When the server was last checked, or heard of instead, in milliseconds since the Unix epoch. */
  lastHealthCheck?: number;
  /** When its state or a list of it last changed, in milliseconds since the Unix epoch. */
  lastUpdated?: number;
  lastError?: ToolwayError;
  /** `open` and `isolated`: calls fail with `breaker_open`; `half_open`: so they do, while a probe is out. */
  breaker: 'closed' | 'open' | 'half_open' | 'isolated';
  inFlight: number;
  queued: number;
  pid?: number;
  /** Its processes, that of all callers and those that end among them; where the server has a `pool`. */
  children?: ChildStatus[];
  /** How long the last successful connection took. */
  connectMs?: number;
}

/** One process of a server that has a `pool`. */
export interface ChildStatus {
  /** `warm`: no scope has it yet; `ending`: it gets no calls any more. */
  state: 'warm' | 'in_use' | 'ending';
  pid?: number;
  ageMs: number;
  /** With all that it started, in bytes; where `maxMemoryMb` has it measured. */
  memoryBytes?: number;
}

/** A call in flight. */
export interface CallInfo {
  id: string;
  server: string;
  scope: string;
  method: string;
  tool?: string;
  principal?: string;
  state: 'queued' | 'handed_over' | 'answering' | 'settled';
  attempt: number;
  elapsedMs: number;
}

/** A tool as a function: its arguments in, its result out. */
export interface CallableTool {
  (args?: Record<string, unknown>, options?: CallOptions): Promise<CallToolResult>;
  readonly definition: ListedTool;
}

/** What became of a call, whatever it was; `isError: true` is a success. */
export type CallOutcome = (
  | { success: true; result: CallToolResult; error?: undefined }
  | { success: false; error: ToolwayError; result?: undefined }
) & {
  /** Whose answer the result is; undefined where there is none, or a fallback function gave it. */
  serverUsed: string | undefined;
  /** How often it was tried in all, on whichever server; 0 where no call came of it. */
  attempts: number;
  /** From when it was asked for. */
  durationMs: number;
  /** The answer was kept from an earlier call. */
  cached: boolean;
};

/** One call of a batch. `tool` is another word for `name`; with `server` it is the tool's own name there. */
export type BatchCall = ({ name: string } | { tool: string; server?: string }) & {
  arguments?: Record<string, unknown>;
  options?: CallOptions;
};

/** How a batch is run. */
export interface BatchOptions {
  /** Calls under way at a time. Default 16; above a server's `maxConcurrency` and queue further ones are `backpressure`. */
  concurrency?: number;
  /** Cancels what is under way, and what has not begun. */
  signal?: AbortSignal;
  /** Hears of each outcome as it comes, with the place of its call; what it throws is reported and changes nothing. */
  onItem?: (outcome: CallOutcome, index: number) => void;
}

/** What a broadcast may ask for. */
export interface BroadcastOptions extends Omit<CallOptions, 'fallback'> {
  /** Servers that are called at a time. Default 16. */
  concurrency?: number;
}

/**
 * Many servers as one: their tools, resources and prompts, and the calls to them. Every method rejects with
 * `ToolwayError` only.
 */
export interface Toolkit extends AsyncDisposable {
  /** Calls `server.tool`, `server__tool`, or a bare name that one server has. `isError: true` is a result. */
  callTool(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<CallToolResult>;
  /** As `callTool`, but never rejects: a failure is in the outcome. */
  tryCall(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<CallOutcome>;
  /** Many calls, a few at a time; their outcomes in order. One that fails, or is no call, stops no other. */
  batch(calls: readonly BatchCall[], options?: BatchOptions): Promise<CallOutcome[]>;
  /** As `callTool`, but collected with others for `batchWindowMs` and sent together. Its limits count from here. */
  queue(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<CallToolResult>;
  /** Calls a tool on every server that lists it; outcomes by server. One that is not connected is not waited for. */
  broadcast(
    tool: string,
    args?: Record<string, unknown>,
    options?: BroadcastOptions,
  ): Promise<Record<string, CallOutcome>>;
  /** A callable with `.definition`; a partial name works while it is unambiguous. */
  tool(name: string): Promise<CallableTool>;
  listTools(filter?: ListFilter): Promise<ListedTool[]>;
  listResources(filter?: ListFilter): Promise<ListedResource[]>;
  listResourceTemplates(filter?: ListFilter): Promise<ListedResourceTemplate[]>;
  listPrompts(filter?: ListFilter): Promise<ListedPrompt[]>;
  /**
   * The tools that fit a few words, best first: BM25 over names, titles, descriptions and parameters, beginnings and
   * near misses of words included. Rejects with `invalid_arguments` where `limit` is no number from 1.
   */
  searchTools(query: string, options?: SearchOptions): Promise<FoundTool[]>;
  /**
   * The server that a resource belongs to: the one that lists the URI, else the one whose template matches it. With
   * `servers`, only these are looked at, and the first of them that has it is taken, in the order of the configuration.
   * Rejects with `unknown_resource` or, without `servers`, `ambiguous_resource`.
   */
  findResource(uri: string, options?: RequestOptions & { servers?: readonly string[] }): Promise<string>;
  /** Without `server`, that of `findResource`. */
  readResource(uri: string, options?: RequestOptions & { server?: string }): Promise<ReadResourceResult>;
  /** Calls `handler` at every update of the resource; resolves to the means to stop. */
  subscribeResource(
    uri: string,
    handler: (update: { uri: string; server: string }) => void,
    options?: { server?: string },
  ): Promise<() => Promise<void>>;
  getPrompt(name: string, args?: Record<string, string>, options?: RequestOptions): Promise<GetPromptResult>;
  complete(
    ref: CompletionReference,
    argument: { name: string; value: string },
    options: { server: string; context?: { arguments: Record<string, string> } } & RequestOptions,
  ): Promise<Completion>;
  /** The single-server client, for whoever wants the protocol itself: no policy and no pin applies. Its methods wait for the connection. */
  server(name: string): ServerClient;
  /** Of a server that wants credentials of each principal, what it is to this one. */
  status(principal?: string): Record<string, ServerStatus>;
  /** Whether there is a server of this name. */
  has(server: string): boolean;
  /** Calls so far, and how long they took: overall, by server and by tool. */
  metrics(): ToolkitMetrics;
  on<E extends EventName>(event: E, handler: EventHandler<E>): () => void;
  /**
   * Adds a step to the road of the calls that are made from now on: just inside `observe`, where it sees every call, also
   * those that reach no server and those whose tool is not known yet, or at a place that it names, such as
   * `{ after: 'route' }`, where calls have their tool. `invalid_config` for a place that is none.
   */
  use(middleware: Middleware, place?: { before?: string; after?: string }): void;
  /**
   * Takes a server in; resolves when it is connected and its lists are read. Rejects with `invalid_config` where the name
   * is taken or unusable, and nothing is taken in. Where its first attempt to connect fails it rejects as well, but the
   * server is in: it is tried again as any other is, until `removeServer`.
   */
  addServer(name: string, config: ServerConfig): Promise<void>;
  /** Takes a server out of use: ends its calls and its link, and is in no list until `enableServer`. Resolves when nothing of the link is left. */
  disableServer(name: string): Promise<void>;
  /** Takes a disabled server into use again; resolves when it is connected and its lists are read, and rejects as `addServer` does. */
  enableServer(name: string): Promise<void>;
  /** Ends its calls; resolves when nothing of it is left. */
  removeServer(name: string): Promise<void>;
  /** Drops the link and connects anew; resolves when connected. Closes the breaker, and ends a rest that the server asked for. */
  reconnect(name: string): Promise<void>;
  /**
   * Holds a tool, by its full name or a bare one, to its definition as last read: calls that failed with `tool_changed`
   * are let through again, until the next change. With `hash`, the `after` of `tool_drift`, it is held to what was shown:
   * rejects with `tool_changed` where that is not what it is now. Of a server that is another one to each principal, with
   * `principal` that one's tool. Rejects when `pinFile` could not be written.
   */
  acceptTool(name: string, options?: { hash?: string; principal?: string }): Promise<void>;
  /**
   * Holds back the calls to a server: they fail with `breaker_open` until the function that it gives is called. Several
   * may hold it; each release counts once. Throws `unknown_server`.
   */
  isolate(name: string): () => void;
  /**
   * Keeps the connections of a scope however long nobody uses them, from when the first call makes them until the
   * function that it gives is called, which closes them. Several may hold one; the last release counts. With
   * `close: false` they are let go of afterwards as any others are that nobody uses, unless another holder wanted them closed.
   */
  holdScope(scope: string, options?: { close?: boolean }): Promise<() => Promise<void>>;
  /** Whether each principal has to give credentials of its own for a server: its configuration holds a `${principal:NAME}`. */
  wantsCredentials(server: string): boolean;
  /** What it wants of each principal, and where that goes; undefined where it wants nothing. Rejects with `invalid_config` where that cannot be told. */
  wantedCredentials(server: string): Promise<WantedCredentials | undefined>;
  /**
   * Takes who gives these credentials from now on. Calls and lists of such a server say `principal`, and as `scope` the
   * same; without a source, or a principal, they are `auth_required`.
   */
  provideCredentials(source: CredentialSource): void;
  /**
   * Ends the connection that a principal has to such a server, and nobody else's; the next call makes a new one, with the
   * credentials as they are then. What is under way may finish within `drainMs`, by default 0. Resolves when nothing is left.
   */
  releasePrincipal(server: string, principal: string, options?: { drainMs?: number }): Promise<void>;
  /** Round-trip time in milliseconds. */
  ping(name: string, options?: RequestOptions): Promise<number>;
  waitForConnection(name: string, options?: { timeoutMs?: number }): Promise<void>;
  calls(): CallInfo[];
  /** Cancels a call in flight; false when there is none with this id. */
  cancel(id: string): boolean;
  close(options?: { drainMs?: number }): Promise<void>;
}

/** Narrows a list to one server, and bounds the wait for it. */
export interface ListFilter extends RequestOptions {
  server?: string;
}

/** A tool that a search found. */
export type FoundTool = ListedTool & {
  /** How well it fits, compared with others of the same search. */
  score: number;
};

/** Narrows a search. */
export interface SearchOptions extends ListFilter {
  /** How many tools at most. Default 10. */
  limit?: number;
}
