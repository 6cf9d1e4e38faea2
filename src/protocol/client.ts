/** The client of one server: the protocol's methods, the same in both eras, for whoever wants the protocol itself. */
import type { Call, CallInit } from '../call.ts';
import type { RequestOptions } from '../options.ts';
import type { ServerIdentity } from './era.ts';
import type { Session } from './session.ts';
import type {
  CallToolResult,
  Completion,
  CompletionReference,
  GetPromptResult,
  JsonObject,
  LogLevel,
  Progress,
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
  /**
   * Tells the server that the roots have changed; nothing to say in the modern era. With `handlers`, these tell the roots
   * when the server asks for them next, and from then on outside of any call.
   */
  rootsChanged(options?: RequestOptions): Promise<void>;
  /** Any other request; its result is an object and otherwise unchecked. */
  request(method: string, params?: JsonObject, options?: RequestOptions): Promise<JsonObject>;
}

/** What the requests of a client go through. */
export interface ClientPort {
  /** Throws where what is asked for beside a request is unusable. */
  checkWanted(wanted: RequestOptions): void;
  /** Tells a caller of progress. */
  tellProgress(own: RequestOptions['onProgress'], progress: Progress): void;
  /** Runs one request on the live session of whoever asks, under the limits that `init` and the server's configuration give. */
  request<T>(
    wanted: RequestOptions,
    method: string,
    run: (session: Session, call: Call) => Promise<T>,
    init: Partial<CallInit>,
  ): Promise<T>;
}

const METHODS = [
  'about',
  'callTool',
  'listTools',
  'listResources',
  'listResourceTemplates',
  'listPrompts',
  'readResource',
  'getPrompt',
  'complete',
  'subscribe',
  'unsubscribe',
  'setLogLevel',
  'ping',
  'rootsChanged',
  'request',
] as const satisfies (keyof ServerClient)[];

type Method = (...args: unknown[]) => Promise<unknown>;

export const createServerClient = (port: ClientPort): ServerClient => {
  let methods: ServerClient | undefined;
  const load = async (): Promise<ServerClient> => {
    const { createMethods } = await import('./client-methods.ts');
    methods ??= createMethods(port);
    return methods;
  };
  const later =
    (name: keyof ServerClient): Method =>
    async (...args) =>
      ((methods ?? (await load()))[name] as Method)(...args);
  return Object.fromEntries(METHODS.map((name) => [name, later(name)])) as unknown as ServerClient;
};
