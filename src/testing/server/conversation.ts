/** One client of a test server: the handshake of either era, its requests, what it is told unasked. */
import { ToolwayError } from '../../errors.ts';
import * as RPC from '../../protocol/rpc-codes.ts';
import type { ClientCapabilities, Implementation, JsonObject, LogLevel } from '../../protocol/types.ts';
import {
  type EraName,
  isObject,
  type JsonRpcRequest,
  LEGACY_VERSIONS,
  META,
  MODERN_VERSIONS,
  type RequestId,
} from '../../protocol/wire.ts';
import type { OfferedList } from './offer.ts';
import { type Channel, channelOf, type Outcome, type Run, rpcErrorOf, startRun } from './run.ts';
import type { Planned, Script } from './script.ts';
import type { Conversation, LinkFacts, Voice } from './voice.ts';
import type { Work } from './works.ts';

/** What all conversations of one server have in common. */
export interface House {
  era: EraName | 'both';
  serverInfo: Implementation;
  instructions: string | undefined;
  /** The revision that legacy clients are offered, where they do not ask for one that is known. */
  protocolVersion: string;
  capabilities(): JsonObject;
  script: Script;
  works(method: string, params: JsonObject, era: EraName): Work | undefined;
  /** Runs that wait for answers to their questions, by the state that the client brings back. */
  suspended: Map<string, Run>;
  /** Notes what was heard. */
  heard(message: JsonObject, era: EraName, facts: LinkFacts): void;
}

export interface OpenConversation extends Conversation {
  listChanged(list: OfferedList): void;
  resourceUpdated(uri: string): void;
  close(): void;
}

interface Subscription {
  voice: Voice;
  notifications: JsonObject;
}

let states = 0;

export const openConversation = (house: House, push: (message: unknown) => void): OpenConversation => {
  const { era, script, suspended } = house;
  const runs = new Map<RequestId, Run>();
  const subscriptions = new Map<RequestId, Subscription>();
  const uris = new Set<string>();
  const asked = new Map<string, { resolve(result: JsonObject): void; reject(error: unknown): void }>();
  let capabilities: ClientCapabilities = {};
  let logLevel: LogLevel | undefined;
  let initialized = false;
  let count = 0;

  const ask = (method: string, params: JsonObject, channel: Channel): Promise<JsonObject> =>
    new Promise((resolve, reject) => {
      count += 1;
      const id = `server-${count}`;
      asked.set(id, { resolve, reject });
      channel.tell({ jsonrpc: '2.0', id, method, params } as JsonObject);
    });
  const onAnswer = ({ id, result, error }: JsonObject): void => {
    const waiting = asked.get(String(id));
    asked.delete(String(id));
    if (isObject(result)) waiting?.resolve(result);
    else {
      const { code, message } = (isObject(error) ? error : {}) as { code?: number; message?: string };
      waiting?.reject(new ToolwayError('server_error', message ?? 'the client refuses', { rpcCode: code }));
    }
  };

  const initialize = (params: JsonObject): JsonObject => {
    capabilities = isObject(params.capabilities) ? params.capabilities : {};
    const offered = String(params.protocolVersion);
    const known = (LEGACY_VERSIONS as readonly string[]).includes(offered);
    return {
      protocolVersion: known ? offered : house.protocolVersion,
      capabilities: house.capabilities(),
      serverInfo: house.serverInfo,
      ...(house.instructions === undefined ? {} : { instructions: house.instructions }),
    };
  };
  const discover = (): JsonObject => ({
    supportedVersions: [...MODERN_VERSIONS],
    capabilities: house.capabilities(),
    ...(house.instructions === undefined ? {} : { instructions: house.instructions }),
  });

  /** What is answered at once; undefined for what has to be worked on. */
  const atOnce = (method: string, params: JsonObject, spoken: EraName): JsonObject | undefined => {
    if (spoken === 'modern') return method === 'server/discover' ? discover() : undefined;
    switch (method) {
      case 'initialize':
        return initialize(params);
      case 'ping':
        return {};
      case 'logging/setLevel':
        logLevel = params.level as LogLevel;
        return {};
      case 'resources/subscribe':
        uris.add(String(params.uri));
        return {};
      case 'resources/unsubscribe':
        uris.delete(String(params.uri));
        return {};
    }
    return undefined;
  };

  /** A result in the words of the era. */
  const dress = (method: string, result: JsonObject, spoken: EraName): JsonObject => {
    if (spoken === 'legacy') return result;
    const kept = method.endsWith('/list') || method === 'resources/read' || method === 'server/discover';
    return {
      resultType: 'complete',
      ...(kept ? { ttlMs: 0, cacheScope: 'private' } : {}),
      ...result,
      _meta: { [META.serverInfo]: house.serverInfo, ...(isObject(result._meta) ? result._meta : {}) },
    };
  };
  const answerTo = (request: JsonRpcRequest, outcome: Outcome, run: Run | undefined, spoken: EraName): JsonObject => {
    const { id, method } = request;
    if ('error' in outcome) return { jsonrpc: '2.0', id, error: outcome.error };
    if ('result' in outcome) return { jsonrpc: '2.0', id, result: dress(method, outcome.result, spoken) };
    states += 1;
    const requestState = `state-${states}`;
    if (run !== undefined) suspended.set(requestState, run);
    const result = { resultType: 'input_required', inputRequests: outcome.questions, requestState };
    return { jsonrpc: '2.0', id, result };
  };
  const say = (answer: JsonObject, planned: Planned | undefined, voice: Voice): void => {
    if (planned !== undefined) {
      planned.say(answer.id, voice, answer);
      return;
    }
    voice.say(answer);
    voice.done();
  };

  const work = async (request: JsonRpcRequest, spoken: EraName, facts: LinkFacts, voice: Voice): Promise<void> => {
    const { id, method, params = {} } = request;
    const planned = script.next(method, params);
    if (planned?.instead === true) return planned.say(id, voice);
    const done = (outcome: Outcome, run?: Run): void => say(answerTo(request, outcome, run, spoken), planned, voice);
    const known = atOnce(method, params, spoken);
    if (known !== undefined) return done({ result: known });

    const channel = channelOf(id, params, facts, voice, push);
    let run = suspended.get(String(params.requestState));
    if (run !== undefined) {
      suspended.delete(String(params.requestState));
      run.resume(channel, isObject(params.inputResponses) ? params.inputResponses : {});
    } else {
      const wanted = house.works(method, params, spoken);
      if (wanted === undefined) return done({ error: { code: RPC.methodNotFound, message: `no method ${method}` } });
      const declared = spoken === 'modern' ? metaOf(params)[META.clientCapabilities] : capabilities;
      run = startRun({
        era: spoken,
        channel,
        capabilities: isObject(declared) ? declared : {},
        logLevel: () => logLevel,
        ask,
        work: wanted,
      });
    }
    runs.set(id, run);
    const outcome = await run.outcome();
    runs.delete(id);
    // Who has cancelled waits for no answer (2025-11-25 and 2026-07-28, cancellation).
    if (!run.cancelled) done(outcome, run);
  };

  const listen = ({ id, params = {} }: JsonRpcRequest, voice: Voice): void => {
    const notifications = isObject(params.notifications) ? params.notifications : {};
    subscriptions.set(id, { voice, notifications });
    tellSubscriber(id, 'notifications/subscriptions/acknowledged', { notifications });
  };
  const tellSubscriber = (id: RequestId, method: string, params: JsonObject): void =>
    subscriptions.get(id)?.voice.say({
      jsonrpc: '2.0',
      method,
      params: { ...params, _meta: { [META.subscriptionId]: id } },
    });
  /** To all who want to hear of it, in whichever era. */
  const tell = (method: string, params: JsonObject, wanted: (notifications: JsonObject) => boolean): void => {
    for (const [id, { notifications }] of subscriptions) if (wanted(notifications)) tellSubscriber(id, method, params);
  };

  const onRequest = (request: JsonRpcRequest, spoken: EraName, facts: LinkFacts, voice: Voice): void => {
    const { id, method } = request;
    const refuse = (error: JsonObject): void => say({ jsonrpc: '2.0', id, error }, undefined, voice);
    if (spoken === 'legacy' && era === 'modern') {
      const data = { supported: [...MODERN_VERSIONS], requested: request.params?.protocolVersion };
      refuse({ code: RPC.unsupportedProtocolVersion, message: 'only the modern era is spoken here', data });
    } else if (spoken === 'modern' && era === 'legacy') {
      refuse({ code: RPC.methodNotFound, message: `no method ${method}` });
    } else if (spoken === 'modern' && method === 'subscriptions/listen' && voice.streams) listen(request, voice);
    else {
      work(request, spoken, facts, voice).catch((error: unknown) => refuse(rpcErrorOf(error)));
    }
  };
  const cancel = (id: RequestId): void => {
    runs.get(id)?.cancel();
    subscriptions.delete(id);
  };

  return {
    hear(message, voice, facts = {}) {
      const params = isObject(message.params) ? message.params : {};
      const spoken: EraName = metaOf(params)[META.protocolVersion] === undefined ? 'legacy' : 'modern';
      house.heard(message, spoken, facts);
      if (typeof message.method !== 'string') onAnswer(message);
      else if (message.id !== undefined)
        onRequest({ ...message, params } as unknown as JsonRpcRequest, spoken, facts, voice);
      else if (message.method === 'notifications/initialized') initialized = true;
      else if (message.method === 'notifications/cancelled') cancel(params.requestId as RequestId);
    },
    listChanged(list) {
      const method = `notifications/${list}/list_changed`;
      if (initialized) push({ jsonrpc: '2.0', method });
      tell(method, {}, (wanted) => wanted[`${list}ListChanged`] === true);
    },
    resourceUpdated(uri) {
      const method = 'notifications/resources/updated';
      if (uris.has(uri)) push({ jsonrpc: '2.0', method, params: { uri } });
      tell(method, { uri }, ({ resourceSubscriptions: some }) => Array.isArray(some) && some.includes(uri));
    },
    close() {
      for (const run of runs.values()) run.cancel();
      subscriptions.clear();
      for (const { reject } of asked.values()) reject(new ToolwayError('closed', 'the client has left'));
    },
  };
};

const metaOf = (params: JsonObject): JsonObject => (isObject(params._meta) ? params._meta : {});
