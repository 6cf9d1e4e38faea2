/**
 * What one endpoint serves: all servers as one, or a single one under its own names. Lists are made once for all callers
 * until one of them changes; a caller is shown what it sees.
 */
import { ToolwayError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/types.ts';
import type { GatewayContext } from '../context.ts';
import type { Target } from '../dispatch.ts';
import type { Caller } from '../principal.ts';
import { type About, createAbout } from './about.ts';
import { createLists, type ServedKind } from './lists.ts';
import { readServedName } from './served-names.ts';

export interface Surface {
  /** The one server that is served; undefined where it is all of them. */
  readonly server: string | undefined;
  /** The result of a list's method, with every field that the servers gave. To be left as it is: others are given the same. */
  list(kind: ServedKind, caller: Caller): Promise<JsonObject>;
  /** What a name that this endpoint gives stands for; undefined for one that it never gives. Whether there is such a tool is for its server to say. */
  targetOf(kind: 'tools' | 'prompts', name: string): Target | undefined | Promise<Target | undefined>;
  /** The server that a resource, or the template of one, is asked of: the first that the caller sees that has it. Rejects with `unknown_resource`. */
  serverOf(caller: Caller, uri: string): string | Promise<string>;
  /** The servers that are served to this caller, in the order of the configuration. */
  servers(caller: Caller): string[];
  /** What the endpoint says of itself to this caller. Waits a little for servers that are just being connected. */
  about(caller: Caller): Promise<About>;
}

/** What a request's address asks for. */
export interface Wanted {
  /** Of `/mcp/{server}`. */
  server?: string | undefined;
  /** Of `?names=`: `plain` is the only word there is. */
  names?: string | null | undefined;
}

export interface Surfaces {
  /** Throws `unknown_server` for one that the caller does not see, `invalid_arguments` where plain names cannot be given. */
  choose(caller: Caller, wanted?: Wanted): Surface;
}

/** Servers are told from each other by their names for as long as the gateway lives: they are configured, so there are few. */
export const createSurfaces = (context: GatewayContext): Surfaces => {
  const { dispatch } = context;
  const lists = createLists(context);
  const about = createAbout(context);
  const single = new Map<string, Surface>();

  const all: Surface = {
    server: undefined,
    list: (kind, caller) => lists.read(kind, caller),
    targetOf(kind, name) {
      const target = readServedName(name);
      return target === 'alias' ? lists.targetOfAlias(kind, name) : target;
    },
    async serverOf(caller, uri) {
      const listed = await lists.serverOfTemplate(caller, uri);
      return listed ?? dispatch.serverOf(caller, uri);
    },
    servers: (caller) => dispatch.servers(caller),
    about: (caller) => about.all(caller),
  };
  const only = (server: string): Surface => ({
    server,
    list: (kind, caller) => lists.read(kind, caller, server),
    targetOf: (_kind, name) => ({ server, name }),
    serverOf({ principal }, uri) {
      if (principal.sees(server, uri, 'resources')) return server;
      throw new ToolwayError('unknown_resource', `there is no resource ${JSON.stringify(uri.slice(0, 200))}`, {
        server,
        executed: 'no',
      });
    },
    servers: ({ principal }) => (principal.sees(server) ? [server] : []),
    about: (caller) => about.one(caller, server),
  });
  const surfaceOf = (server: string): Surface => {
    const known = single.get(server) ?? only(server);
    single.set(server, known);
    return known;
  };
  const plain = (caller: Caller): Surface => {
    const [server, ...others] = lists.names().filter((name) => caller.principal.sees(name));
    if (server !== undefined && others.length === 0) return surfaceOf(server);
    throw new ToolwayError(
      'invalid_arguments',
      `names=plain is for a gateway with one server, and this one has ${server === undefined ? 'none' : others.length + 1}: /mcp/{server} serves one of them under its own names`,
      { executed: 'no' },
    );
  };

  return {
    choose(caller, { server, names } = {}) {
      if (server === undefined) {
        if (names === null || names === undefined) return all;
        if (names === 'plain') return plain(caller);
        throw new ToolwayError('invalid_arguments', 'names can be "plain" and nothing else', { executed: 'no' });
      }
      if (lists.names().includes(server) && caller.principal.sees(server)) return surfaceOf(server);
      throw new ToolwayError('unknown_server', `there is no server ${JSON.stringify(server)}`, { executed: 'no' });
    },
  };
};
