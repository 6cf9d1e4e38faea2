/** The credentials that each caller has given the gateway for servers: kept, shown without their values, and handed to its own connections. */
import type { Toolkit } from '../../api.ts';
import type { CredentialSource, WantedCredentials } from '../../credentials.ts';
import { ToolwayError } from '../../errors.ts';
import type { Logger } from '../../options.ts';
import type { Principal } from '../principal.ts';
import { Refusal } from '../refusal.ts';
import { unfit } from '../rest/body.ts';
import type { Records } from '../store/store.ts';
import { missingCredentials } from './missing.ts';
import type { Seal } from './seal.ts';
import { createShelf, type Kept, type ShelfOptions } from './shelf.ts';

/** What somebody is shown of its own credentials for one server. No value is in it. */
export interface CredentialView {
  server: string;
  /**
   * `given`; `missing`; `elsewhere`: the server is somewhere else than where they were given for; `sealed`: by a key
   * that the gateway has not; `unused`: the server wants none, or is gone.
   */
  state: 'given' | 'missing' | 'elsewhere' | 'sealed' | 'unused';
  /** What the server wants, or what was given for one that wants nothing. */
  names: string[];
  /** Where they are sent: the origin of a URL, or a command line. */
  target?: { kind: 'url' | 'command'; shown: string };
  /** Where they were given for, if that is elsewhere. */
  givenFor?: string;
  /** An ISO 8601 time. */
  givenAt?: string;
}

/** A change of somebody's credentials. */
export interface CredentialNews {
  event: 'credential_given' | 'credential_revoked';
  principal: string;
  server: string;
  names: readonly string[];
}

export interface Credentials {
  /** Own ones, of every server that the principal sees and that wants some, and of those that did. */
  list(principal: Principal): Promise<CredentialView[]>;
  /** Rejects with `unknown_server` where there is nothing to give. */
  get(principal: Principal, server: string): Promise<CredentialView>;
  /**
   * Puts values in the place of what was given, and ends the principal's connection that was made with that. Resolves
   * when it is in the store. Rejects with `unknown_server`, with `invalid_arguments` for what is not all that the server
   * wants, each of 6 to 8 192 characters, and with `backpressure`. With `shown`, how the target was shown to whoever gives
   * them, rejects with a `Refusal` (409) where the server is somewhere else by now.
   */
  give(
    principal: Principal,
    server: string,
    values: Readonly<Record<string, unknown>>,
    shown?: string,
  ): Promise<CredentialView>;
  /** False where there is nothing. */
  revoke(principal: Principal, server: string): Promise<boolean>;
  /** Whoever has this name from now on is somebody else. */
  forget(principal: string): Promise<void>;
  /** Tells of changes until the function that it gives is called. */
  on(hear: (news: CredentialNews) => void): () => void;
}

export interface CredentialsOptions extends ShelfOptions {
  toolkit: Pick<
    Toolkit,
    'wantsCredentials' | 'wantedCredentials' | 'provideCredentials' | 'releasePrincipal' | 'status'
  >;
  records: Records;
  seal: Seal;
  /** Where credentials for a server are given. */
  urlOf(server: string): string;
  today(): number;
  logger: Logger | undefined;
}

/** Shorter ones could not be told from ordinary words in what is logged. */
const SHORTEST = 6;
const LONGEST = 8_192;
/** What is under way over a connection whose credentials are replaced or revoked may finish. */
const DRAIN_MS = 5_000;

export const createCredentials = (options: CredentialsOptions): Credentials => {
  const { toolkit, seal, urlOf, today, logger } = options;
  const shelf = createShelf(options);
  const listeners = new Set<(news: CredentialNews) => void>();

  const keptFor = async (principal: string, server: string): Promise<Kept | undefined> =>
    (await shelf.of(principal)).find((kept) => kept.server === server);

  const source: CredentialSource = async ({ server, principal, names, target }) => {
    const kept = await keptFor(principal, server);
    if (kept === undefined) throw missingCredentials(server, wantedOf(names), urlOf(server));
    if (kept.target.id !== target) {
      const why = `the credential was given for ${kept.target.shown}, and the server is somewhere else now`;
      throw missingCredentials(server, why, urlOf(server));
    }
    const opened = await Promise.all(
      names.map(async (name): Promise<[string, string]> => {
        const found = kept.values.find((value) => value.name === name);
        if (found === undefined) throw missingCredentials(server, wantedOf([name]), urlOf(server));
        return [name, await seal.open(found.sealed, [principal, server, name, target])];
      }),
    );
    return Object.fromEntries(opened);
  };
  toolkit.provideCredentials(source);

  const changed = (news: CredentialNews): void => {
    // A connection stands for what was given when it was made.
    toolkit.releasePrincipal(news.server, news.principal, { drainMs: DRAIN_MS }).catch((error: unknown) => {
      if (!(error instanceof ToolwayError && error.code === 'unknown_server'))
        logger?.warn('a connection with credentials that are gone could not be ended', { error });
    });
    for (const listener of listeners) listener(news);
  };

  const wantedBy = async (principal: Principal, server: string): Promise<WantedCredentials> => {
    const wanted =
      principal.sees(server) && toolkit.wantsCredentials(server) ? await toolkit.wantedCredentials(server) : undefined;
    if (wanted !== undefined) return wanted;
    const reason = `there is no server ${JSON.stringify(server)} that wants credentials of yours`;
    throw new ToolwayError('unknown_server', reason, { executed: 'no' });
  };
  const viewOf = async (server: string, wanted: WantedCredentials | undefined, kept: Kept | undefined) => {
    const view: CredentialView = {
      server,
      state: await stateOf(wanted, kept),
      names: [...(wanted?.names ?? kept?.values.map(({ name }) => name) ?? [])],
    };
    if (wanted !== undefined) view.target = { kind: wanted.target.kind, shown: wanted.target.shown };
    if (kept !== undefined && view.state === 'elsewhere') view.givenFor = kept.target.shown;
    if (kept !== undefined) view.givenAt = new Date(kept.givenAt).toISOString();
    return view;
  };
  const stateOf = async (wanted: WantedCredentials | undefined, kept: Kept | undefined) => {
    if (wanted === undefined) return 'unused';
    if (kept === undefined) return 'missing';
    if (kept.target.id !== wanted.target.id) return 'elsewhere';
    const values = wanted.names.map((name) => kept.values.find((value) => value.name === name));
    if (values.some((value) => value === undefined)) return 'missing';
    const key = await seal.key;
    return values.every((value) => value?.sealed.key === key) ? 'given' : 'sealed';
  };

  return {
    async list(principal) {
      const kept = await shelf.of(principal.id);
      const names = new Set(
        Object.keys(toolkit.status()).filter((name) => toolkit.wantsCredentials(name) && principal.sees(name)),
      );
      for (const { server } of kept) names.add(server);
      return Promise.all(
        [...names].map(async (server) => {
          // Where it goes cannot be told now: a variable of its URL is not set, say.
          const wanted = await wantedBy(principal, server).catch(() => undefined);
          const own = kept.find((one) => one.server === server);
          return viewOf(server, wanted, own);
        }),
      );
    },
    async get(principal, server) {
      return viewOf(server, await wantedBy(principal, server), await keptFor(principal.id, server));
    },
    async give(principal, server, values, agreed) {
      const wanted = await wantedBy(principal, server);
      const texts = checked(values, wanted);
      const { id, shown } = wanted.target;
      if (agreed !== undefined && agreed !== shown)
        throw new Refusal(409, 'invalid_arguments', `the server is somewhere else now: at ${shown}`);
      const sealed = await Promise.all(
        texts.map(async ([name, value]) => ({
          name,
          sealed: await seal.seal(value, [principal.id, server, name, id]),
        })),
      );
      const kept: Kept = { server, target: { id, shown }, givenAt: today(), values: sealed };
      await shelf.put(principal.id, kept);
      changed({ event: 'credential_given', principal: principal.id, server, names: wanted.names });
      return viewOf(server, wanted, kept);
    },
    async revoke(principal, server) {
      const kept = await keptFor(principal.id, server);
      if (kept === undefined || !(await shelf.remove(principal.id, server))) return false;
      const names = kept.values.map(({ name }) => name);
      changed({ event: 'credential_revoked', principal: principal.id, server, names });
      return true;
    },
    async forget(principal) {
      for (const server of await shelf.clear(principal))
        changed({ event: 'credential_revoked', principal, server, names: [] });
    },
    on(hear) {
      listeners.add(hear);
      return () => void listeners.delete(hear);
    },
  };
};

const wantedOf = (names: readonly string[]): string =>
  `${names.length === 1 ? 'the server wants a credential' : 'the server wants credentials'} of yours (${names.join(', ')})`;

/** What was given, if it is what is wanted. Nothing that is said of a value repeats it. */
const checked = (
  values: Readonly<Record<string, unknown>>,
  { names, inHeaders }: WantedCredentials,
): [name: string, value: string][] => {
  const strange = Object.keys(values)
    .filter((name) => !names.includes(name))
    .map((name) => ({ path: `/values/${name.slice(0, 100)}`, message: `is not among ${names.join(', ')}` }));
  const problems = names.flatMap((name) => {
    const message = problemOf(Object.hasOwn(values, name) ? values[name] : undefined, inHeaders.includes(name));
    return message === undefined ? [] : [{ path: `/values/${name}`, message }];
  });
  const all = [...problems, ...strange.slice(0, 10)];
  if (all.length > 0) throw unfit(all.map(({ path, message }) => `${path} ${message}`).join('; '), all);
  return names.map((name) => [name, values[name] as string]);
};

const problemOf = (value: unknown, isHeader: boolean): string | undefined => {
  if (value === undefined) return 'is missing';
  if (typeof value !== 'string') return 'must be a string';
  if (value.length < SHORTEST || value.length > LONGEST) return `must have ${SHORTEST} to ${LONGEST} characters`;
  if (value !== value.trim()) return 'begins or ends with a space';
  if (isHeader && !/^[\x20-\x7e]*$/.test(value)) return 'is sent in a header, which takes printable ASCII only';
  return /\p{Cc}|\p{Cs}/u.test(value) ? 'holds a control character' : undefined;
};
