/** Finds what a caller names, and waits for it where it has to: within the caller's own limits, counted from when it asked. */
import type { ListFilter } from './api.ts';
import { Call, homeOf, moveHome } from './call.ts';
import { type Route, routeAtOnce, routeOfBareName, routeOn } from './catalog.ts';
import type { Deadlines } from './clock.ts';
import type { nearest } from './config/nearest.ts';
import { checkWanted } from './doors.ts';
import { ToolwayError } from './errors.ts';
import type { RequestOptions } from './options.ts';
import type { ListKind } from './protocol/lists.ts';
import type { ToolEntry } from './server/catalog.ts';
import type { ManagedServer } from './server/server.ts';
import { DEFAULTS } from './server/settings.ts';
import { waitingEnded } from './server/waiting-ended.ts';
import { bounded, share } from './waits.ts';

export interface Finder {
  /** Those of now, by name. */
  readonly servers: ReadonlyMap<string, ManagedServer>;
  /** Throws `unknown_server` with the nearest names. */
  server(name: string): ManagedServer;
  /** The server that a call was made for, also where another one has taken its name since. */
  home(call: Call): ManagedServer;
  /** The servers that are not disabled, in configuration order. */
  active(): ManagedServer[];
  /** Where a qualified name leads; its tool may not be known yet. For a principal to what is its own, once that is made. */
  atOnce(name: string, principal?: string): Route | undefined;
  /** What a server is to whoever asks: itself, or what the principal has of its own. */
  own(server: ManagedServer, wanted: RequestOptions): ManagedServer | Promise<ManagedServer>;
  /** Has a call go to what its principal has of its own, if its server is such a one. */
  moveIn(call: Call): Promise<void> | undefined;
  /** Waits, under the limits of the call itself, until the tool that it names is known, and gives it to the call. */
  arrive(call: Call): Promise<void>;
  /** The checks that a call is under, if the definition of its tool is known. */
  checksOf(call: Call): ToolEntry | undefined;
  /** What a call that was stopped is told, where it was waiting for a connection. */
  whyStopped(call: Call, error: ToolwayError): ToolwayError;
  /** The route of a bare name, after the first attempts of all servers. */
  route(name: string, wanted: RequestOptions, startedAt: number): Promise<Route>;
  /** Has one list read wherever it is wanted. With one server named its failure is the caller's; else the others still count. */
  read(kind: ListKind, filter: ListFilter): Promise<ManagedServer[]>;
  /** Waits for servers of which nothing is known yet; those that failed before are not waited for again. */
  firstAttempts(wanted: RequestOptions, startedAt: number, among?: (server: ManagedServer) => boolean): Promise<void>;
  /** Looks for something, and once more when it is not found and there are servers that nobody has asked yet: those are asked first. */
  again<T>(find: () => Promise<T>, wanted: RequestOptions): Promise<T>;
  /** Waits for something shared on behalf of one caller; `on` gives the limits that the caller leaves open, and the reason. */
  waitFor<T>(shared: Promise<T>, wanted: RequestOptions, startedAt: number, on?: ManagedServer): Promise<T>;
}

export interface FinderOptions {
  servers: ReadonlyMap<string, ManagedServer>;
  deadlines: Deadlines;
  /** The names that somebody may have meant. */
  nearest: typeof nearest;
}

export const createFinder = ({ servers, deadlines, nearest }: FinderOptions): Finder => {
  const { clock } = deadlines;

  const server = (name: string): ManagedServer => {
    const found = servers.get(name);
    if (found !== undefined) return found;
    const matches = nearest(name, servers.keys());
    const hint = matches.length === 0 ? '' : `; did you mean ${matches.join(', ')}?`;
    throw new ToolwayError('unknown_server', `there is no server "${name}"${hint}`, { executed: 'no', matches });
  };
  const own: Finder['own'] = (one, { principal, scope }) =>
    one.personal?.load().then((personal) => personal.of(principal ?? scope)) ?? one;
  const home: Finder['home'] = (call) => (homeOf(call) as ManagedServer | undefined) ?? server(call.server);
  const active = (): ManagedServer[] => [...servers.values()].filter(({ config }) => config.disabled !== true);

  const waitFor: Finder['waitFor'] = async (shared, wanted, startedAt, on) => {
    checkWanted(wanted);
    const limits = on?.config;
    const { timeoutMs = limits?.timeoutMs ?? DEFAULTS.timeoutMs, signal } = wanted;
    const totalTimeoutMs = wanted.totalTimeoutMs ?? limits?.totalTimeoutMs ?? DEFAULTS.totalTimeoutMs;
    const call = new Call({ method: 'wait', params: {}, server: '', timeoutMs, totalTimeoutMs, signal, startedAt });
    try {
      return await bounded(call, deadlines, () => share(call, shared));
    } catch (error) {
      const ended = waitingEnded(error, on?.connection().state);
      throw on === undefined ? ended : ended.with({ server: on.name });
    }
  };
  const firstAttempts: Finder['firstAttempts'] = async (wanted, startedAt, among = () => true) => {
    const attempts = active()
      .filter(among)
      .flatMap((each) => each.connection().firstAttempt() ?? []);
    if (attempts.length > 0) await waitFor(Promise.allSettled(attempts), wanted, startedAt);
  };
  const isIdle = (one: ManagedServer): boolean => one.connection().state.name === 'idle';
  /** What was known in an earlier run may do. */
  const again: Finder['again'] = async (find, wanted) => {
    const startedAt = clock.now();
    try {
      return await find();
    } catch (error) {
      if (!active().some(isIdle)) throw error;
      await firstAttempts(wanted, startedAt);
      return find();
    }
  };

  const read: Finder['read'] = async (kind, { server: name, ...wanted }) => {
    checkWanted(wanted);
    const chosen = name === undefined ? active() : [server(name)];
    const startedAt = clock.now();
    const each = chosen.map(async (named, index) => {
      const one = named.personal === undefined ? named : await own(named, wanted);
      chosen[index] = one;
      const connection = one.connection();
      if (isIdle(one) && one.catalog.known(kind) !== undefined) return;
      await (name === undefined ? connection.firstAttempt() : connection.firstOutcome());
      if (connection.current() !== undefined) await one.catalog.read(kind);
    });
    const all = name === undefined ? Promise.allSettled(each) : Promise.all(each);
    await waitFor<unknown>(all, wanted, startedAt, name === undefined ? undefined : chosen[0]).catch((error) => {
      if (wanted.signal?.aborted) throw error;
      // What the servers last said is worth more than the error, and is marked as stale.
      if (name !== undefined && chosen[0]?.catalog.known(kind) === undefined) throw error;
    });
    return chosen.filter(({ personal }) => personal === undefined);
  };

  return {
    servers,
    server,
    home,
    active,
    waitFor,
    atOnce: (name, principal) => routeAtOnce(servers, name, principal),
    own,
    moveIn(call) {
      const on = home(call);
      if (on.personal === undefined) return undefined;
      const wanted = Promise.resolve(own(on, call));
      return bounded(call, deadlines, () => share(call, wanted)).then((made) => moveHome(call, made));
    },
    checksOf: (call) => call.tool && home(call).catalog.tool(call.params.name as string),
    async arrive(call) {
      const on = home(call);
      const tool = String(call.params.name);
      try {
        const { entry } = await bounded(call, deadlines, () =>
          share(
            call,
            on
              .connection()
              .session()
              .then(() => routeOn(on, tool)),
          ),
        );
        call.tool = entry?.tool;
      } catch (error) {
        throw waitingEnded(error, on.connection().state).with({ server: on.name, tool, executed: 'no' });
      }
    },
    whyStopped(call, error) {
      const state = home(call).connectionOf(call.scope)?.state;
      return call.state === 'queued' && state?.name !== 'ready' ? waitingEnded(error, state) : error;
    },
    route: (name, wanted, startedAt) =>
      again(async () => {
        const had = ({ catalog }: ManagedServer): boolean =>
          catalog.known('tools')?.items.some((tool) => tool.name === name) ?? true;
        await firstAttempts(wanted, startedAt, had);
        return routeOfBareName(active(), name);
      }, wanted),
    read,
    firstAttempts,
    again,
  };
};
