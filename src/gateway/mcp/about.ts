/** What an endpoint says of itself: its name, what can be asked of it, and the instructions of its servers. */
import type { ServerState } from '../../api.ts';
import type { ServerIdentity } from '../../protocol/era.ts';
import type { Implementation, ServerCapabilities } from '../../protocol/types.ts';
import { VERSION } from '../../version.ts';
import type { GatewayContext } from '../context.ts';
import type { Caller, OfferKind, Principal } from '../principal.ts';

export interface About {
  serverInfo: Implementation;
  capabilities: ServerCapabilities;
  instructions?: string;
}

export interface Abouts {
  /** Of all servers that the caller sees. */
  all(caller: Caller): Promise<About>;
  one(caller: Caller, server: string): Promise<About>;
}

/** A client that says hello is not kept waiting longer for servers that are just being connected. */
const WAIT_MS = 2_000;

/** How the gateway introduces itself where it stands for all servers. */
export const GATEWAY_INFO: Implementation = { name: 'toolway', title: 'Toolway', version: VERSION };

/** Where there is nothing to wait for. */
const RESTING: ReadonlySet<ServerState> = new Set(['disabled', 'untrusted', 'closed', 'failed', 'auth_required']);

/** What a server may offer of which nothing is known yet: a client asks for nothing that it was not told of at first. */
const ANYTHING: ServerCapabilities = {
  tools: {},
  resources: { subscribe: true },
  prompts: {},
  completions: {},
  logging: {},
};

export const createAbout = ({ toolkit, dispatch, credentials }: GatewayContext): Abouts => {
  const identityOf = async (server: string): Promise<ServerIdentity | undefined> => {
    const state = toolkit.status()[server]?.state;
    if (state === undefined || RESTING.has(state)) return undefined;
    return toolkit
      .server(server)
      .about({ timeoutMs: WAIT_MS, totalTimeoutMs: WAIT_MS })
      .catch(() => undefined);
  };

  return {
    async all(caller) {
      const servers = dispatch.servers(caller);
      const known = await Promise.all(servers.map(identityOf));
      const lacking = (await credentials?.lacks(caller.principal)) ?? [];
      const instructions = [
        ...known.flatMap((identity, index) =>
          identity?.instructions === undefined ? [] : `## ${servers[index]}\n\n${identity.instructions}`,
        ),
        ...lacking.map(
          ({ server, url }) =>
            `## ${server}\n\nIts tools are listed once the user has given a credential of its own at ${url}`,
        ),
      ];
      return {
        serverInfo: GATEWAY_INFO,
        capabilities: union(known.map((identity, index) => seen(caller.principal, servers[index] ?? '', identity))),
        ...(instructions.length > 0 && { instructions: [PREFACE, ...instructions].join('\n\n') }),
      };
    },
    async one({ principal }, server) {
      const identity = await identityOf(server);
      const { serverInfo, instructions } = identity ?? toolkit.status()[server] ?? {};
      return {
        serverInfo: serverInfo ?? { ...GATEWAY_INFO, name: server },
        capabilities: union([seen(principal, server, identity)]),
        ...(instructions !== undefined && { instructions }),
      };
    },
  };
};

const PREFACE =
  'Several servers are reached here; the names of their tools and prompts begin with the name of the server and "__".';

/** What a server offers, without kinds of which the caller sees nothing. */
const seen = (principal: Principal, server: string, identity: ServerIdentity | undefined): ServerCapabilities => {
  const { completions, ...capabilities } = { ...(identity?.capabilities ?? ANYTHING) };
  const sees = (kind: OfferKind): boolean => principal.sees(server, undefined, kind);
  for (const kind of ['tools', 'resources', 'prompts'] as const) if (!sees(kind)) delete capabilities[kind];
  const completes = completions !== undefined && (sees('resources') || sees('prompts'));
  return { ...capabilities, ...(completes && { completions }) };
};

/** The gateway notices changes of lists by itself: of servers that come and go, and of those that announce none. */
const union = (all: readonly ServerCapabilities[]): ServerCapabilities => {
  const some = (key: keyof ServerCapabilities): boolean => all.some((each) => each[key] !== undefined);
  const subscribe = all.some(({ resources }) => resources?.subscribe === true);
  return {
    ...(some('tools') && { tools: { listChanged: true } }),
    ...(some('resources') && { resources: { listChanged: true, ...(subscribe && { subscribe }) } }),
    ...(some('prompts') && { prompts: { listChanged: true } }),
    ...(some('completions') && { completions: {} }),
    ...(some('logging') && { logging: {} }),
  };
};
