/** The client of one server: the protocol's methods, the same in both eras, for whoever wants the protocol itself. */
import type { RequestOptions } from '../options.ts';
import type { ServerIdentity } from './era.ts';
import type { ListKind, ListKinds } from './lists.ts';
import type { Session } from './session.ts';
import type {
  CallToolResult,
  Completion,
  CompletionReference,
  GetPromptResult,
  JsonObject,
  LogLevel,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplate,
  Tool,
} from './types.ts';
import type { EraName } from './wire.ts';

/** Each method waits for the connection, sends its own request, and rejects with `ToolwayError`; nothing is cached, merged or sent twice. */
export interface ServerClient {
  /** What the server says of itself, and the era and revision spoken with it. */
  about(options?: RequestOptions): Promise<ServerIdentity & { era: EraName; protocolVersion: string }>;
  callTool(name: string, args?: Record<string, unknown>, options?: RequestOptions): Promise<CallToolResult>;
  /** All pages. */
  listTools(options?: RequestOptions): Promise<Tool[]>;
  listResources(options?: RequestOptions): Promise<Resource[]>;
  listResourceTemplates(options?: RequestOptions): Promise<ResourceTemplate[]>;
  listPrompts(options?: RequestOptions): Promise<Prompt[]>;
  readResource(uri: string, options?: RequestOptions): Promise<ReadResourceResult>;
  getPrompt(name: string, args?: Record<string, string>, options?: RequestOptions): Promise<GetPromptResult>;
  complete(
    ref: CompletionReference,
    argument: { name: string; value: string },
    options?: RequestOptions & { context?: { arguments: Record<string, string> } },
  ): Promise<Completion>;
  subscribe(uri: string, options?: RequestOptions): Promise<void>;
  unsubscribe(uri: string, options?: RequestOptions): Promise<void>;
  /** Asks the server for log messages of this severity and above. */
  setLogLevel(level: LogLevel, options?: RequestOptions): Promise<void>;
  ping(options?: RequestOptions): Promise<void>;
  /** Tells the server that the roots have changed; nothing to say in the modern era. */
  rootsChanged(): Promise<void>;
  /** Any other request; its result is an object and otherwise unchecked. */
  request(method: string, params?: JsonObject, options?: RequestOptions): Promise<JsonObject>;
}

/** Runs one request on the live session, under the limits that `options` and the server's configuration give. */
export type RunRequest = <T>(
  request: { method: string; params: JsonObject; options?: RequestOptions },
  run: (session: Session, call: import('../call.ts').Call) => Promise<T>,
) => Promise<T>;

export const createServerClient = (run: RunRequest): ServerClient => {
  const perform = <T>(method: string, params: JsonObject, options: RequestOptions = {}): Promise<T> =>
    run({ method, params, options }, (session, call) => session.perform(call) as Promise<T>);
  const list = <K extends ListKind>(kind: K, options: RequestOptions = {}): Promise<ListKinds[K][]> =>
    run(
      { method: `${kind}/list`, params: {}, options },
      async (session, call) => (await session.list(kind, call)).items,
    );

  return {
    about: (options = {}) =>
      run({ method: 'about', params: {}, options }, async ({ era, protocolVersion, identity }) => ({
        ...identity,
        era,
        protocolVersion,
      })),
    callTool: (name, args = {}, options) => perform('tools/call', { name, arguments: args }, options),
    listTools: (options) => list('tools', options),
    listResources: (options) => list('resources', options),
    listResourceTemplates: (options) => list('resourceTemplates', options),
    listPrompts: (options) => list('prompts', options),
    readResource: (uri, options) => perform('resources/read', { uri }, options),
    getPrompt: (name, args, options) =>
      perform('prompts/get', args === undefined ? { name } : { name, arguments: args }, options),
    complete: (ref, argument, { context, ...options } = {}) =>
      perform('completion/complete', { ref, argument, ...(context === undefined ? {} : { context }) }, options),
    subscribe: (uri, options = {}) =>
      run({ method: 'resources/subscribe', params: {}, options }, (session, call) => session.subscribe(call, uri)),
    unsubscribe: (uri, options = {}) =>
      run({ method: 'resources/unsubscribe', params: {}, options }, (session, call) => session.unsubscribe(call, uri)),
    setLogLevel: (level, options = {}) =>
      run({ method: 'logging/setLevel', params: {}, options }, (session, call) => session.setLogLevel(call, level)),
    ping: (options = {}) => run({ method: 'ping', params: {}, options }, (session, call) => session.ping(call)),
    rootsChanged: () => run({ method: 'about', params: {} }, async (session) => session.rootsChanged()),
    request: (method, params = {}, options) => perform(method, params, options),
  };
};
