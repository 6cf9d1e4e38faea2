/**
 * A live, negotiated connection to one server: takes calls, hands out checked results, and passes on what the server
 * says by itself. Everything here is the same in both eras.
 */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { RequestHandlers } from '../handlers.ts';
import { encodeHeaderValue, isAnnotated } from '../transport/mcp-headers.ts';
import type { Transport } from '../transport/transport.ts';
import { demand } from './declared.ts';
import type { Engine } from './engine.ts';
import type { Era, ServerIdentity } from './era.ts';
import {
  DEFAULT_LIST_LIMITS,
  LIST_METHODS,
  type ListKind,
  type ListLimits,
  type WholeList,
  walkList,
} from './lists.ts';
import { checkToolResult } from './results.ts';
import * as RPC from './rpc-codes.ts';
import type { ServerRequests } from './server-requests.ts';
import type { JsonObject, LogLevel, Tool } from './types.ts';
import type { EraName } from './wire.ts';

export interface Session {
  readonly era: EraName;
  readonly protocolVersion: string;
  readonly identity: ServerIdentity;
  readonly transport: Transport;
  /** Messages that were dropped, by kind. */
  readonly dropped: Engine['dropped'];
  /** How many messages of the server have arrived. */
  readonly arrivals: number;
  /** Whether the server holds a request from before then, whoever sent it. */
  isBusySince(at: number): boolean;
  /** Sends a call and resolves to its checked result. */
  perform(call: Call): Promise<JsonObject>;
  /** Reads a whole list on behalf of `call`; empty where the server does not declare it. */
  list<K extends ListKind>(kind: K, call: Call): Promise<WholeList<K>>;
  ping(call: Call): Promise<void>;
  setLogLevel(call: Call, level: LogLevel): Promise<void>;
  subscribe(call: Call, uri: string): Promise<void>;
  unsubscribe(call: Call, uri: string): Promise<void>;
  rootsChanged(keeper?: RequestHandlers): void;
  /** `cause` is what calls in flight are told, where the end is not our own wish. */
  close(cause?: ToolwayError): Promise<void>;
}

export interface SessionOptions {
  engine: Engine;
  era: Era;
  requests: ServerRequests;
  clock: Clock;
  limits?: Partial<ListLimits>;
}

/** Whoever is told that the roots have changed asks for them within this time, whoever is calling. */
const ROOTS_MS = 5_000;

export const createSession = ({ engine, era, requests, clock, limits }: SessionOptions): Session => {
  const { capabilities } = era.identity;
  const mirrorsHeaders = era.name === 'modern' && engine.transport.kind === 'http';
  /** The refusal of a tool call with which a server asks for something, after which the call is sent again. */
  const wish = mirrorsHeaders ? RPC.headerMismatch : era.name === 'legacy' ? RPC.urlElicitationRequired : undefined;
  const listLimits = { ...DEFAULT_LIST_LIMITS, ...limits };
  let tools: ReadonlyMap<string, Tool> = new Map();

  const sendToolCall = (call: Call, tool: Tool | undefined): Promise<JsonObject> =>
    mirrorsHeaders && tool !== undefined && isAnnotated(tool)
      ? sendMirrored(call, tool)
      : era.send(call, 'tools/call', call.params);
  const sendMirrored = async (call: Call, tool: Tool): Promise<JsonObject> => {
    const { paramHeaders } = await import('../transport/param-headers.ts');
    return era.send(call, 'tools/call', call.params, {
      headers: paramHeaders(tool.inputSchema, call.params.arguments, encodeHeaderValue),
    });
  };

  const callTool = async (call: Call): Promise<JsonObject> => {
    demand('tools/call', era);
    try {
      return checkToolResult(await sendToolCall(call, call.tool));
    } catch (error) {
      // A call that was asked something would begin anew.
      if (!(error instanceof ToolwayError) || error.rpcCode === undefined || error.rpcCode !== wish || call.asked)
        throw error;
      const { meetWish } = await import('./asking.ts');
      const sendAgain = async (): Promise<JsonObject> => {
        await call.look?.(call, mirrorsHeaders);
        return sendToolCall(call, mirrorsHeaders ? tools.get(call.params.name as string) : call.tool);
      };
      return checkToolResult(
        await meetWish({ requests, clock, readTools: () => list('tools', call), sendAgain }, call, error),
      );
    }
  };

  const perform = (call: Call): Promise<JsonObject> => (call.method === 'tools/call' ? callTool(call) : ask(call));
  const ask = async (call: Call): Promise<JsonObject> => {
    demand(call.method, era);
    const result = await era.send(call, call.method, call.params);
    return CHECKED.has(call.method) ? (await import('./reading.ts')).checkAnswer(call.method, result) : result;
  };

  const list = async <K extends ListKind>(kind: K, call: Call): Promise<WholeList<K>> => {
    const declared = kind === 'resourceTemplates' ? capabilities.resources : capabilities[kind];
    if (declared === undefined) return { items: [], ttlMs: 0, cacheScope: 'private', dropped: [] };
    const whole = await walkList(kind, (params) => era.send(call, LIST_METHODS[kind], params), listLimits);
    if (kind === 'tools') {
      const list = whole as WholeList<'tools'>;
      if (mirrorsHeaders && list.items.some(isAnnotated)) {
        const { dropUnusable } = await import('../transport/param-headers.ts');
        dropUnusable(list);
      }
      tools = new Map(list.items.map((tool) => [tool.name, tool]));
    }
    return whole;
  };

  return {
    era: era.name,
    protocolVersion: era.protocolVersion,
    identity: era.identity,
    transport: engine.transport,
    dropped: engine.dropped,
    get arrivals() {
      return engine.arrivals;
    },
    isBusySince: engine.isBusySince,
    perform,
    list,
    ping: (call) => era.ping(call),
    async setLogLevel(call, level) {
      demand('logging/setLevel', era);
      await era.setLogLevel(call, level);
    },
    async subscribe(call, uri) {
      demand('resources/subscribe', era);
      await era.subscribe(call, uri);
    },
    async unsubscribe(call, uri) {
      demand('resources/unsubscribe', era);
      await era.unsubscribe(call, uri);
    },
    rootsChanged(keeper) {
      if (keeper !== undefined) requests.keeper = { handlers: keeper, until: clock.now() + ROOTS_MS };
      era.rootsChanged();
    },
    async close(cause) {
      era.close();
      await engine.close(cause);
    },
  };
};

const CHECKED: ReadonlySet<string> = new Set(['resources/read', 'prompts/get', 'completion/complete']);
