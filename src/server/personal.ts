/**
 * A server that wants credentials of each principal: to each of them it is a server of its own, with connections, lists
 * and traffic that nobody else has a part in. Made when the principal first needs it, let go of when it is not used.
 * Loaded with the first.
 */
import type { ChildStatus } from '../api.ts';
import type { homeOf } from '../call.ts';
import type { Timer } from '../clock.ts';
import { type CredentialTarget, credentialsOf, type WantedCredentials } from '../credentials.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import type { FirstSeen } from '../policy/first-seen.ts';
import { credentialTarget, mustLeadTo } from './credential-target.ts';
import type { House, ManagedServer } from './server.ts';
import type { LIMITS } from './settings.ts';

/** The principal whose server it is. */
export interface Owner {
  principal: string;
  /** Resolves when nothing is left of the server that the principal had before. */
  gone(): Promise<void> | undefined;
  /** What was first seen of its tools, which are not those of others, nor those of another account. In memory alone. */
  seen: Seen;
  /** In what is told of it nothing tells what the principal gave; what is told of others is none of that. */
  told: Pick<House, 'secrets' | 'events'>;
  /** What the connection is made with, read anew for each; nothing tells any of it from then on. Rejects where it would lead elsewhere. */
  configured(expand: Expand): Promise<ServerConfig>;
}

/** Puts what a principal gave into the server's configuration. */
type Expand = (credentials: Readonly<Record<string, string>>) => Promise<ServerConfig>;

/** Filled with the first look at the tools. */
interface Seen {
  first?: FirstSeen;
}

export interface Personal {
  /** That of a principal, if there is one. */
  known(principal: string | undefined): ManagedServer | undefined;
  /** That of a principal, made with its first use. Rejects with `auth_required` where its credentials are missing, with `backpressure` where there are too many. */
  of(principal: string | undefined): Promise<ManagedServer>;
  /** What there is to be told of the children of all, where they are cared for. */
  children(): ChildStatus[] | undefined;
  wanted(): Promise<WantedCredentials>;
  /** Lets that of a principal go: what is under way there may finish within `drainMs`. Resolves when nothing of it is left. */
  release(principal: string, drainMs: number): Promise<void>;
  close(): Promise<void>;
}

export interface PersonalOptions {
  name: string;
  config: ServerConfig;
  house: House;
  create(owner: Owner): ManagedServer;
  /** What is loaded long before: bundlers would cut it into pieces of their own. */
  lent: { homeOf: typeof homeOf; LIMITS: typeof LIMITS };
}

interface Own {
  readonly server: ManagedServer;
  /** When it was last asked for, or seen in use. */
  usedAt: number;
}

/** Principals of whom it is remembered what was first seen. */
const MAX_SEEN = 1_000;
/** How often it is looked whether what is under way has finished. */
const LOOK_MS = 20;

export const createPersonal = ({ name, config, house, create, lent }: PersonalOptions): Personal => {
  const { clock } = house.deadlines;
  const limits = { ...lent.LIMITS, ...house.limits };
  const { max: maxScopes = limits.maxScopes, idleMs: scopeIdleMs = limits.scopeIdleMs } = config.pool ?? {};
  const servers = new Map<string, Own>();
  /** Those that were let go of and are not gone yet: two of one principal never live at a time. */
  const leaving = new Map<string, Promise<void>>();
  const seen = new Map<string, Seen>();
  const names = credentialsOf(config);
  const everyMs = scopeIdleMs / 4;
  let timer: Timer | undefined;
  let closed = false;

  const isBusy = (server: ManagedServer): boolean =>
    house.calls.find((call) => lent.homeOf(call) === server) !== undefined;
  const target = (): Promise<CredentialTarget> => credentialTarget(name, config, { ...house.runtime, names });

  const drained = async (server: ManagedServer, drainMs: number): Promise<void> => {
    const until = clock.now() + drainMs;
    while (!closed && clock.now() < until && isBusy(server))
      await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  };
  const release = async (principal: string, drainMs = 0): Promise<void> => {
    const found = servers.get(principal);
    if (found !== undefined) {
      servers.delete(principal);
      const gone = Promise.all([
        leaving.get(principal),
        drained(found.server, drainMs).then(() => found.server.close()),
      ]).then(() => {
        if (leaving.get(principal) === gone) leaving.delete(principal);
      });
      leaving.set(principal, gone);
    }
    await leaving.get(principal);
  };

  const toldApart = (): Owner['told'] => {
    const secrets = house.secrets.apart();
    const { events } = house;
    return {
      secrets,
      events: {
        ...events,
        emit(event, facts) {
          if (events.heard(event)) events.emit(event, secrets.masked(facts));
        },
      },
    };
  };
  const configured = async (principal: string, secrets: House['secrets'], expand: Expand): Promise<ServerConfig> => {
    const { source } = house.credentials;
    if (source === undefined) throw ownWanted(name);
    const place = await target();
    const values = await source({ server: name, principal, names, target: place.id });
    for (const value of Object.values(values)) await secrets.add(value);
    const expanded = await expand(values);
    mustLeadTo(place, expanded);
    return expanded;
  };
  const seenBy = (principal: string): Seen => {
    const first = seen.get(principal) ?? {};
    seen.delete(principal);
    seen.set(principal, first);
    for (const oldest of seen.keys()) {
      if (seen.size <= MAX_SEEN) break;
      seen.delete(oldest);
    }
    return first;
  };

  const sweep = (): void => {
    const now = clock.now();
    for (const [principal, own] of servers) {
      if (isBusy(own.server) || house.heldScopes.has(principal)) own.usedAt = now;
      else if (now - own.usedAt >= scopeIdleMs + everyMs) void release(principal);
    }
    timer = undefined;
    wake();
  };
  const wake = (): void => {
    if (timer !== undefined || servers.size === 0) return;
    timer = clock.after(everyMs, sweep);
    timer.keepAlive(false);
  };

  const known: Personal['known'] = (principal) => {
    const found = servers.get(principal ?? '');
    if (found !== undefined) found.usedAt = clock.now();
    return found?.server;
  };
  /** One that was given up makes room, else the one that was not used longest. */
  const makeRoom = (): void => {
    if (servers.size < maxScopes) return;
    const hasFailed = ({ server }: Own): number => Number(server.connection().state.name === 'failed');
    const [first] = [...servers]
      .filter(([, { server }]) => !isBusy(server))
      .sort(([, one], [, other]) => hasFailed(other) - hasFailed(one) || one.usedAt - other.usedAt);
    if (first === undefined)
      throw new ToolwayError(
        'backpressure',
        `there are connections for ${maxScopes} principals already, and all are in use`,
        { server: name, executed: 'no', limit: maxScopes },
      );
    void release(first[0]);
  };

  return {
    known,
    async of(principal = '') {
      const before = known(principal);
      if (before !== undefined) return before;
      const { source } = house.credentials;
      if (principal === '' || source === undefined) throw ownWanted(name);
      // Whoever has none has nothing started.
      await source({ server: name, principal, names, target: (await target()).id });
      const meanwhile = known(principal);
      if (meanwhile !== undefined) return meanwhile;
      if (closed) throw new ToolwayError('closed', 'the server was removed', { executed: 'no', server: name });
      makeRoom();
      const told = toldApart();
      const server = create({
        principal,
        told,
        gone: () => leaving.get(principal),
        seen: seenBy(principal),
        configured: (expand) => configured(principal, told.secrets, expand),
      });
      servers.set(principal, { server, usedAt: clock.now() });
      wake();
      return server;
    },
    children: () => config.pool && [...servers.values()].flatMap(({ server }) => server.facts().children ?? []),
    wanted: async () => ({
      names,
      inHeaders: credentialsOf(config, ['headers']),
      target: await target(),
    }),
    release(principal, drainMs) {
      // With other credentials there may be other tools.
      seen.delete(principal);
      return release(principal, drainMs);
    },
    async close() {
      closed = true;
      timer?.cancel();
      for (const principal of [...servers.keys()]) void release(principal);
      await Promise.all(leaving.values());
    },
  };
};

/** The refusal of whoever cannot be told from others. */
const ownWanted = (server: string): ToolwayError =>
  new ToolwayError('auth_required', 'everybody who uses it gives credentials of their own, and here nobody is known', {
    server,
    executed: 'no',
    permanent: true,
  });
