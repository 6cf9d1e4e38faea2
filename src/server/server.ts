/** One configured server: its connections, its catalogue, its share of calls, and what is to be said of it. */
import { Call, type CallInit, homeOf } from '../call.ts';
import type { Deadlines } from '../clock.ts';
import type { Connection } from '../connection/connection.ts';
import type { CredentialSource } from '../credentials.ts';
import { ToolwayError } from '../errors.ts';
import type { Emitter } from '../events.ts';
import type { Handlers } from '../handlers.ts';
import type { Changes } from '../middleware/changes.ts';
import type { FailureJudge, FuseFacts, Turn } from '../middleware/fuse.ts';
import type { CallFn } from '../middleware/middleware.ts';
import type { ServerTraffic } from '../middleware/traffic.ts';
import { once } from '../once.ts';
import type { Limits, ServerConfig } from '../options.ts';
import type { PinMode } from '../permission.ts';
import { LIST_METHODS, type ListKind, type WholeList } from '../protocol/lists.ts';
import type { Session } from '../protocol/session.ts';
import type { Implementation } from '../protocol/types.ts';
import type { Roster } from '../roster.ts';
import type { Runtime } from '../runtime.ts';
import type { Validator } from '../schema/validator.ts';
import type { Secrets } from '../telemetry/secrets.ts';
import type { CatalogueFile } from '../toolkit/catalogue-file.ts';
import type { Ground } from '../toolkit/ground.ts';
import type { TransportKind } from '../transport/transport.ts';
import { bounded, share } from '../waits.ts';
import { type Catalog, createCatalog } from './catalog.ts';
import { createConnections } from './connections.ts';
import { createDialer } from './dialer.ts';
import type { Owner, Personal, PersonalOptions } from './personal.ts';
import { createRecord } from './record.ts';
import { allows, announces, DEFAULTS, kindOf, LIMITS } from './settings.ts';
import type { DescribedServer } from './status.ts';
import type { Subscriptions } from './subscriptions.ts';
import { waitingEnded } from './waiting-ended.ts';

/** What all servers of a toolkit share. */
export interface House {
  runtime: Runtime;
  deadlines: Deadlines;
  validator: Validator;
  events: Emitter;
  /** What calls are held to and counted by, once it is loaded. */
  ground: Promise<Ground>;
  secrets: Secrets;
  /** What servers say of their earlier answers. */
  changes: Changes;
  clientInfo: Implementation;
  handlers: Handlers;
  limits: Limits;
  /** Default `block`. */
  pins: PinMode | undefined;
  /** The lists of an earlier run. */
  catalogues: CatalogueFile | undefined;
  /** The calls in flight of all servers. */
  calls: Roster<Call>;
  /** Scopes whose connections stay while nobody calls, and who holds each: with the last of them they are closed, or left to themselves. */
  heldScopes: Map<string, Set<{ close: boolean }>>;
  /** Who gives what `${principal:NAME}` stands for, if somebody does. */
  credentials: { source?: CredentialSource | undefined };
}

/** What every part of one server has to know of it. */
export interface ServerBase {
  name: string;
  config: ServerConfig;
  kind: TransportKind | undefined;
  house: House;
  /** The principal whose credentials it uses, and who alone uses it. */
  owner: Owner | undefined;
  /** The scope of the connection that its lists are of. */
  mainScope: string;
  /** A request of our own, under the server's usual limits. */
  newCall(method: string, init?: Partial<CallInit>): Call;
  warn(message: string, facts?: { tool?: string; cause?: unknown }): void;
}

/** What a server is to each principal, once somebody has needed it. */
export interface PersonalLater {
  made: Personal | undefined;
  load(): Promise<Personal>;
}

export interface ManagedServer {
  readonly name: string;
  readonly config: ServerConfig;
  readonly catalog: Catalog;
  /** What its calls are held to; made with the first of them. */
  traffic: ServerTraffic | undefined;
  /** Made with the first. */
  subscriptions: Subscriptions | undefined;
  /** Present where it is a server of its own to each principal; itself it is then never connected. */
  readonly personal: PersonalLater | undefined;
  /** Takes out of an error what nobody is to be told of it. */
  masked: House['secrets']['masked'];
  /** The server that it is to one principal. */
  readonly parent: ManagedServer | undefined;
  /** What its failures mean. */
  loadFailureJudge(facts: FuseFacts): Promise<FailureJudge>;
  /** That of all callers who do not isolate themselves. */
  connection(): Connection;
  /** That of a scope, if there is one. */
  connectionOf(scope: string): Connection | undefined;
  /** Closes the connection of a scope, if there is one. */
  releaseScope(scope: string): Promise<void>;
  /** Drops the link and connects anew, whatever the state. Rejects when that first attempt fails. */
  reconnect(): Promise<Session>;
  /** The end of the road; made with the first call. */
  perform: CallFn | undefined;
  /** Waits on behalf of a call for the session of its scope. */
  sessionOf(call: Call): Promise<Session>;
  /** Runs a request of our own, under the server's usual limits. */
  request<T>(method: string, run: (session: Session, call: Call) => Promise<T>, init?: Partial<CallInit>): Promise<T>;
  /** Resolves when all lists have been read after the latest connection. */
  listed(): Promise<void>;
  /** What there is to be told of it now. */
  facts(): DescribedServer;
  close(): Promise<void>;
}

export const createServer = (
  name: string,
  config: ServerConfig,
  common: House,
  own?: { parent: ManagedServer; owner: Owner },
): ManagedServer => {
  const house = own === undefined ? common : { ...common, ...own.owner.told };
  const { deadlines, validator, events } = house;
  const { clock } = deadlines;
  const kind = kindOf(config);
  const { command, url } = config;
  const owner = own?.owner;
  const mainScope = owner?.principal ?? '';
  const record = createRecord(name, events, mainScope);
  let closed = false;

  const warn = (message: string, facts: { tool?: string; cause?: unknown } = {}): void =>
    events.emit('warning', { server: name, scope: mainScope, message, ...facts });

  const newCall = (method: string, init: Partial<CallInit> = {}): Call =>
    new Call({
      ...init,
      method,
      params: init.params ?? {},
      server: name,
      scope: init.scope ?? mainScope,
      timeoutMs: init.timeoutMs ?? config.timeoutMs ?? DEFAULTS.timeoutMs,
      totalTimeoutMs: init.totalTimeoutMs ?? config.totalTimeoutMs ?? DEFAULTS.totalTimeoutMs,
      startedAt: clock.now(),
    });

  const base: ServerBase = { name, config, kind, house, owner, mainScope, newCall, warn };

  const sessionOf = async (call: Call): Promise<Session> => {
    const connection = connections.known(call.scope) ?? (await share(call, connections.of(call.scope)));
    try {
      return connection.current() ?? (await share(call, connection.session()));
    } catch (error) {
      const { state } = connection;
      throw waitingEnded(error, state).with(state.name === 'failed' ? { permanent: true } : {});
    }
  };
  const run = <T>(call: Call, how: (call: Call) => Promise<T>): Promise<T> =>
    bounded(call, deadlines, how).catch((error: unknown) => {
      throw house.secrets.masked(ToolwayError.from(error, { server: name }));
    });
  const request: ManagedServer['request'] = (method, ask, init) =>
    run(newCall(method, init), async (call) => ask(await sessionOf(call), call));
  /** Lists are read by ourselves, on no road, and sent again as reading calls are there. */
  const readList = <K extends ListKind>(list: K): Promise<WholeList<K>> => {
    const ask = async (call: Call): Promise<object> => (await sessionOf(call)).list(list, call);
    const take = async (call: Call): Promise<object> => {
      const { traffic } = await share(call, house.ground);
      return traffic.retries(() => traffic.of(managed))(ask as CallFn)(call);
    };
    return run(newCall(LIST_METHODS[list]), take) as Promise<WholeList<K>>;
  };

  const pinMode = config.pins ?? house.pins ?? 'block';
  const loadPins = once(async () =>
    (await house.ground).pinsOf({
      server: name,
      config,
      seen: owner?.seen,
      blocks: pinMode === 'block',
      onDrift: (news) => events.emit('tool_drift', { server: name, scope: mainScope, ...news }),
    }),
  );
  const catalog = createCatalog({
    clock,
    validator,
    pins: pinMode === 'off' ? undefined : { blocks: pinMode === 'block', load: loadPins },
    fetch: readList,
    connected: () => connections.main.current() !== undefined,
    allows: (tool) => allows(config, tool),
    announces: (list) => announces(record.facts.last?.session, list),
    onChanged: (list) => {
      record.updated();
      if (list === 'tools') house.changes.tell({ server: name, what: 'tools' });
      events.emit(list === 'resourceTemplates' ? 'resources_changed' : `${list}_changed`, {
        server: name,
        scope: mainScope,
      });
    },
    onWarning: warn,
  });

  const dialer = createDialer({ ...base, catalog, subscriptions: () => managed.subscriptions });
  const turned = (turn: Turn): void => {
    if (managed.traffic !== undefined) managed.traffic.fuse.turned(turn);
    // Before the first call there is nothing but this to be counted.
    else if (turn.state.name === 'waiting')
      house.ground.then(
        ({ traffic }) => traffic.of(managed).fuse.turned(turn),
        () => {},
      );
  };
  const connections = createConnections({ ...base, dial: dialer.dial, record, turned });

  const managed: ManagedServer = {
    name,
    config,
    parent: own?.parent,
    masked: house.secrets.masked,
    personal:
      own === undefined && wantsCredentials(config)
        ? personalLater({ name, config, house }, (owner) =>
            createServer(name, config, house, { parent: managed, owner }),
          )
        : undefined,
    catalog,
    traffic: undefined,
    subscriptions: undefined,
    connection: () => connections.main,
    connectionOf: connections.known,
    releaseScope: connections.release,
    async loadFailureJudge(facts) {
      const { createFailureJudge } = await import('./failure-judge.ts');
      return createFailureJudge({ ...facts, breaker: config.breaker, clock, connections: connections.all, request });
    },
    reconnect() {
      managed.traffic?.fuse.reset();
      managed.traffic?.lane.resume();
      return connections.reconnect();
    },
    perform: undefined,
    sessionOf,
    request,
    listed: dialer.listed,
    facts: () => ({
      config,
      kind: kind ?? ((command ?? url) === undefined ? undefined : kindOf({ command, url })),
      state: connections.state(),
      children: managed.personal?.made?.children() ?? connections.children(),
      facts: record.facts,
      closed,
      catalog,
      traffic: managed.traffic,
    }),
    async close() {
      closed = true;
      const removed = new ToolwayError('closed', 'the server was removed');
      for (const call of house.calls.values())
        if (call.server === name && (own === undefined || homeOf(call) === managed)) call.stop(removed);
      managed.traffic?.fuse.close();
      managed.traffic?.lane.close(removed);
      house.changes.tell({ server: name, what: 'everything' });
      catalog.close();
      await Promise.all([connections.close(), managed.personal?.made?.close()]);
    },
  };
  return managed;
};

/** Whether there is anything that each principal has to give. */
const wantsCredentials = ({ env, headers, url }: ServerConfig): boolean =>
  JSON.stringify([env, headers, url]).includes('${principal:');

/** What is made of a server for each principal is loaded with the first of them that needs it. */
const personalLater = (
  base: Pick<PersonalOptions, 'name' | 'config' | 'house'>,
  create: PersonalOptions['create'],
): PersonalLater => {
  const later: PersonalLater = {
    made: undefined,
    load: once(async () => {
      const { createPersonal } = await import('./personal.ts');
      later.made = createPersonal({ ...base, create, lent: { homeOf, LIMITS } });
      return later.made;
    }),
  };
  return later;
};
