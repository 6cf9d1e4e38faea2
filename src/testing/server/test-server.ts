/** `createTestServer`: an MCP server that a test writes, watches and makes misbehave. */
import { fileURLToPath } from 'node:url';
import { canonicalJson } from '../../canonical.ts';
import { type Clock, systemClock } from '../../clock.ts';
import type { ServerConfig } from '../../options.ts';
import type { JsonObject } from '../../protocol/types.ts';
import {
  type EraName,
  type JsonRpcMessage,
  type JsonRpcRequest,
  LEGACY_VERSIONS,
  type RequestId,
} from '../../protocol/wire.ts';
import type { EffectLog } from '../effect-log.ts';
import { openMemory, startWebSocket } from './channel-links.ts';
import { type House, type OpenConversation, openConversation } from './conversation.ts';
import { type HttpLinkOptions, startHttp } from './http-link.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import type { Offer, OfferedList, RunTool, TestContext, TestPrompt, TestResource, TestTool } from './offer.ts';
import { createScript } from './script.ts';
import { serveStdin } from './stdio-link.ts';
import type { Host } from './voice.ts';
import { type Complete, createWorks } from './works.ts';

/** What a test server offers and how it introduces itself. */
export interface TestServerOptions {
  /** By name; a function alone is a tool that takes any object. */
  tools?: Record<string, TestTool | RunTool>;
  /** By URI. */
  resources?: Record<string, TestResource>;
  /** By URI template (RFC 6570). */
  resourceTemplates?: Record<string, TestResource>;
  /** By name. */
  prompts?: Record<string, TestPrompt>;
  /** Answers `completion/complete`; without it the server has no completions. */
  complete?: Complete;
  instructions?: string;
  /** Which protocol eras it speaks. Default: `both`. */
  era?: EraName | 'both';
  /** Default: `test`. */
  name?: string;
  /** Default: `1.0.0`. */
  version?: string;
  /** Items on one page of a list. Default: all. */
  pageSize?: number;
  /** Each run of a tool is appended here. */
  effectLog?: EffectLog;
  /** What is to happen at most once. Default: the name of the tool and its arguments. */
  effectKey?: (tool: string, args: JsonObject, context: TestContext) => string;
  /** For answers that come late. Default: the clock of the system. */
  clock?: Clock;
}

/** A call that arrived and was worked on. */
export interface RecordedCall {
  tool: string;
  arguments: JsonObject;
  meta: JsonObject;
  era: EraName;
  id: RequestId;
  /** HTTP: the headers of its request. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A test server that can be reached over a network. */
export interface ServedTestServer {
  readonly url: string;
  /** Reaches it from a toolkit. */
  readonly config: ServerConfig;
  /** Breaks every open connection. */
  cut(): void;
  close(): Promise<void>;
}

/** A test server. It may be served over several links at once. */
export interface TestServer {
  /** Reaches it in memory; each connection is a link of its own. */
  readonly config: ServerConfig;
  /** Serves HTTP on a port of this machine. */
  serveHttp(options?: HttpLinkOptions): Promise<ServedTestServer>;
  /** Serves a WebSocket on a port of this machine. */
  serveWebSocket(): Promise<ServedTestServer>;
  /** Serves the stdin and stdout of this process, which is a child of the test. Resolves when stdin ends. */
  serveStdio(): Promise<void>;
  /** The tool calls that were worked on, in order. */
  readonly calls: readonly RecordedCall[];
  /** Everything that clients said, in order. */
  readonly received: readonly JsonRpcMessage[];
  /** The requests of clients, or those with this method. */
  requests(method?: string): JsonRpcRequest[];
  /** Resolves to the request with this method that came first, or as the so-many-th. */
  request(method: string, number?: number): Promise<JsonRpcRequest>;
  /** Plans misbehaviour for the next requests of a kind. What was planned first happens first. */
  misbehave(what: Misbehaviour): void;
  /** Forgets misbehaviour that is still to come. */
  behave(): void;
  /** Adds or replaces a tool, and tells the clients that the list has changed. */
  setTool(name: string, tool: TestTool | RunTool): void;
  /** Takes a tool away, and tells the clients. False where there was none. */
  removeTool(name: string): boolean;
  /** Adds or replaces a resource, and tells the clients. */
  setResource(uri: string, resource: TestResource): void;
  removeResource(uri: string): boolean;
  /** Adds or replaces a prompt, and tells the clients. */
  setPrompt(name: string, prompt: TestPrompt): void;
  removePrompt(name: string): boolean;
  /** Tells the clients that a list has changed, whether it has or not. */
  listChanged(list: OfferedList): void;
  /** Tells those who have subscribed to this resource. */
  resourceUpdated(uri: string): void;
  /** Breaks every link, in memory too. Clients may connect again. */
  cut(): void;
  /** Breaks every link and serves no more. */
  close(): Promise<void>;
}

/** The key of `_meta` under which a toolkit says which sending of a call this is. */
const ATTEMPT = 'toolway/attempt';

const toolOf = (tool: TestTool | RunTool): TestTool => (typeof tool === 'function' ? { run: tool } : tool);
const keyOf = (tool: string, args: JsonObject): string => `${tool} ${canonicalJson(args)}`;

/** Makes a server; it speaks once it is served, or its `config` is given to a toolkit. */
export const createTestServer = (options: TestServerOptions = {}): TestServer => {
  const { tools = {}, resources = {}, resourceTemplates = {}, prompts = {}, effectLog, effectKey = keyOf } = options;
  const { name = 'test', version = '1.0.0', complete, clock = systemClock } = options;
  const offer: Offer = {
    tools: new Map(Object.entries(tools).map(([key, tool]) => [key, toolOf(tool)])),
    resources: new Map(Object.entries(resources)),
    templates: new Map(Object.entries(resourceTemplates)),
    prompts: new Map(Object.entries(prompts)),
  };
  const hasResources = offer.resources.size > 0 || offer.templates.size > 0;
  const hasPrompts = offer.prompts.size > 0;
  const calls: RecordedCall[] = [];
  const received: JsonRpcMessage[] = [];
  const waiting = new Set<() => void>();
  const conversations = new Set<OpenConversation>();
  const memoryLinks = new Set<{ cut(): void }>();
  const served = new Set<ServedTestServer>();
  const script = createScript(clock);

  const oncall = (tool: string, args: JsonObject, context: TestContext): void => {
    const { meta, era, id, headers } = context;
    calls.push({ tool, arguments: args, meta, era, id, headers });
    const attempt = meta[ATTEMPT];
    effectLog?.append(effectKey(tool, args, context), typeof attempt === 'number' ? attempt : undefined);
  };
  const house: House = {
    era: options.era ?? 'both',
    serverInfo: { name, version },
    instructions: options.instructions,
    protocolVersion: LEGACY_VERSIONS[0],
    capabilities: () => ({
      tools: { listChanged: true },
      logging: {},
      ...(hasResources ? { resources: { listChanged: true, subscribe: true } } : {}),
      ...(hasPrompts ? { prompts: { listChanged: true } } : {}),
      ...(complete === undefined ? {} : { completions: {} }),
    }),
    script,
    works: createWorks({ offer, pageSize: options.pageSize ?? Number.POSITIVE_INFINITY, complete, oncall }),
    suspended: new Map(),
    heard(message) {
      received.push(message as unknown as JsonRpcMessage);
      for (const look of [...waiting]) look();
    },
  };
  const host: Host = {
    open(push) {
      const conversation = openConversation(house, push);
      conversations.add(conversation);
      const close = (): void => {
        conversations.delete(conversation);
        conversation.close();
      };
      return { ...conversation, close };
    },
  };

  const requests: TestServer['requests'] = (method) =>
    received.filter(
      (message): message is JsonRpcRequest =>
        'method' in message && 'id' in message && (method === undefined || message.method === method),
    );
  const listChanged = (list: OfferedList): void => {
    for (const conversation of conversations) conversation.listChanged(list);
  };
  const set = <T>(list: OfferedList, map: Map<string, T>, key: string, value: T): void => {
    map.set(key, value);
    listChanged(list);
  };
  const remove = (list: OfferedList, map: Map<string, unknown>, key: string): boolean => {
    const was = map.delete(key);
    if (was) listChanged(list);
    return was;
  };
  const keep = (link: { url: string; cut(): void; close(): Promise<void> }, config: ServerConfig): ServedTestServer => {
    const { url, cut } = link;
    const server: ServedTestServer = {
      url,
      config,
      cut,
      async close() {
        served.delete(server);
        await link.close();
      },
    };
    served.add(server);
    return server;
  };
  const cutAll = (): void => {
    for (const link of memoryLinks) link.cut();
    memoryLinks.clear();
    for (const { cut } of served) cut();
  };

  return {
    config: {
      transport() {
        const link = openMemory({
          open(push) {
            const conversation = host.open(push);
            const close = (): void => {
              memoryLinks.delete(link);
              conversation.close?.();
            };
            return { ...conversation, close };
          },
        });
        memoryLinks.add(link);
        return link.transport;
      },
    },
    async serveHttp(wanted = {}) {
      const link = await startHttp(host, wanted);
      return keep(link, wanted.sse === true ? { url: link.url, transport: 'sse' } : { url: link.url });
    },
    async serveWebSocket() {
      const link = await startWebSocket(host);
      return keep(link, { url: link.url });
    },
    serveStdio: () => serveStdin(host),
    calls,
    received,
    requests,
    request: (method, number = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = requests(method)[number - 1];
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    misbehave: script.misbehave,
    behave: script.behave,
    setTool: (key, tool) => set('tools', offer.tools, key, toolOf(tool)),
    removeTool: (key) => remove('tools', offer.tools, key),
    setResource: (uri, resource) => set('resources', offer.resources, uri, resource),
    removeResource: (uri) => remove('resources', offer.resources, uri),
    setPrompt: (key, prompt) => set('prompts', offer.prompts, key, prompt),
    removePrompt: (key) => remove('prompts', offer.prompts, key),
    listChanged,
    resourceUpdated(uri) {
      for (const conversation of conversations) conversation.resourceUpdated(uri);
    },
    cut: cutAll,
    async close() {
      cutAll();
      await Promise.all([...served].map((server) => server.close()));
    },
  };
};

/** Starts a module of yours, which calls `serveStdio()`, with this Node: `stdioServer(new URL('./server.js', import.meta.url))`. */
export const stdioServer = (module: string | URL, ...args: string[]): ServerConfig => ({
  command: process.execPath,
  args: [module instanceof URL || module.startsWith('file:') ? fileURLToPath(module) : module, ...args],
});
