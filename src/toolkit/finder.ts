/** Finds what a caller names, and waits for it where it has to: within the caller's own limits, counted from when it asked. */
import type { ListFilter } from '../api.ts';
import { Call, homeOf, moveHome } from '../call.ts';
import type { Deadlines } from '../clock.ts';
import type { nearest } from '../config/nearest.ts';
import { ToolwayError } from '../errors.ts';
import type { RequestOptions } from '../options.ts';
import type { ToolEntry } from '../server/catalog.ts';
import type { ManagedServer } from '../server/server.ts';
import { DEFAULTS } from '../server/settings.ts';
import { waitingEnded } from '../server/waiting-ended.ts';
import { bounded, share } from '../waits.ts';
import { type Route, routeAtOnce, routeOn } from './catalog.ts';
import { checkWanted } from './doors.ts';

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
  /** Those that are wanted: one, or all that are not disabled. Throws where what is wanted cannot be. */
  chosen(filter: ListFilter): ManagedServer[];
  /** Whether nobody has asked for it yet. */
  isIdle(server: ManagedServer): boolean;
  /** On the monotonic clock. */
  now(): number;
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
  const isIdle = (one: ManagedServer): boolean => one.connection().state.name === 'idle';
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
    chosen({ server: name, ...wanted }) {
      checkWanted(wanted);
      return name === undefined ? active() : [server(name)];
    },
    isIdle,
    now: () => clock.now(),
  };
};
