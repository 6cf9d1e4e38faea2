/** What a toolkit does beside calling tools. Loaded with the first of it that is asked for. */
import type { CallableTool, Toolkit } from '../api.ts';
import { ToolwayError } from '../errors.ts';
import type { Emitter, guarded } from '../events.ts';
import type { CallOptions, RequestOptions } from '../options.ts';
import type { ListKind } from '../protocol/lists.ts';
import * as RPC from '../protocol/rpc-codes.ts';
import type { ReadResourceResult } from '../protocol/types.ts';
import type { House } from '../server/server.ts';
import { createSubscriptions } from '../server/subscriptions.ts';
import { type BareNames, createBareNames } from './bare-names.ts';
import type { Calling } from './calling.ts';
import type { Route } from './catalog.ts';
import type { textOf } from './doors.ts';
import type { Loaded } from './later.ts';
import { listedBy, readLists } from './listing.ts';
import { createMembership, type Membership, type MembershipOptions } from './membership.ts';
import { ambiguousTool, unknownTool } from './no-such-tool.ts';
import { promptRoute, resourceServer, type Search } from './primitives.ts';
import type { ToolSearch } from './search-tools.ts';

/** What is loaded long before is handed in: bundlers would cut it into pieces of their own. */
export interface MethodsOptions
  extends Omit<Search, 'wanted' | 'among'>,
    MembershipOptions,
    Pick<Calling, 'callTool' | 'perform'> {
  textOf: typeof textOf;
  guarded: typeof guarded;
  events: Emitter;
  now(): number;
  /** Who holds each scope that somebody holds. */
  held: House['heldScopes'];
}

export type Methods = Membership &
  Loaded<
    | 'tool'
    | 'listResources'
    | 'listResourceTemplates'
    | 'listPrompts'
    | 'searchTools'
    | 'findResource'
    | 'readResource'
    | 'subscribeResource'
    | 'getPrompt'
    | 'complete'
    | 'ping'
    | 'acceptTool'
    | 'holdScope'
    | 'wantedCredentials'
  >;

export const createMethods = (options: MethodsOptions): Methods => {
  const { finder, callTool, perform, textOf, guarded, events, now, qualify, held } = options;
  const list =
    <K extends ListKind>(kind: K) =>
    async ([filter = {}]: Parameters<Toolkit['listTools']>, startedAt: number) =>
      listedBy(await readLists(finder, kind, filter, startedAt), kind, qualify);
  const bareNames = createBareNames(options);
  let search: ToolSearch | undefined;
  const loadSearch = async (): Promise<ToolSearch> => {
    const { createToolSearch } = await import('./search-tools.ts');
    search ??= createToolSearch(finder, qualify);
    return search;
  };
  const findServer = (uri: string, wanted: RequestOptions, among?: readonly string[]) =>
    bareNames.again(() => resourceServer(uri, { ...options, wanted, among }), wanted);
  const ofResource = async (uri: string, server: string | undefined, wanted: RequestOptions) =>
    server === undefined ? findServer(uri, wanted) : finder.own(finder.server(server), wanted);

  return {
    ...createMembership(options),
    async tool([name], startedAt) {
      const { server, tool } = await routeOfPart(textOf(name, 'unknown_tool'), options, bareNames, startedAt);
      const [definition] = listedBy([server], 'tools', qualify).filter((listed) => listed.name === tool);
      if (definition === undefined)
        throw new ToolwayError('unknown_tool', `there is no tool "${name}"`, { executed: 'no' });
      const callable = (args?: Record<string, unknown>, wanted?: CallOptions) =>
        callTool(definition.qualifiedName, args, wanted);
      return Object.assign(callable, { definition }) satisfies CallableTool;
    },
    listResources: list('resources'),
    listResourceTemplates: list('resourceTemplates'),
    listPrompts: list('prompts'),
    async searchTools([given, wanted = {}]) {
      const query = textOf(given, 'invalid_arguments');
      const { limit = 1 } = wanted;
      if (typeof limit === 'number' && limit >= 1) return (await loadSearch())(query, wanted);
      throw new ToolwayError('invalid_arguments', `limit must be a number from 1, not ${String(limit)}`, {
        executed: 'no',
      });
    },
    async findResource([given, { servers, ...wanted } = {}]) {
      return (await findServer(textOf(given, 'unknown_resource'), wanted, servers)).name;
    },
    async readResource([given, { server, ...wanted } = {}], startedAt) {
      const uri = textOf(given, 'unknown_resource');
      const from = await ofResource(uri, server, wanted);
      const reading = perform<ReadResourceResult>(from, 'resources/read', { uri }, wanted, startedAt);
      return reading.catch((error: unknown) => {
        throw asUnknownResource(error, uri);
      });
    },
    async subscribeResource([given, handler, { server } = {}]) {
      const uri = textOf(given, 'unknown_resource');
      const from = await ofResource(uri, server, {});
      from.subscriptions ??= createSubscriptions({
        server: from.name,
        request: from.request,
        guarded,
        onWarning: (message, facts) => events.emit('warning', { server: from.name, scope: '', message, ...facts }),
      });
      return from.subscriptions.add(uri, handler);
    },
    async getPrompt([given, args, wanted = {}], startedAt) {
      const name = textOf(given, 'unknown_prompt');
      const { server, prompt } = await bareNames.again(() => promptRoute(name, { ...options, wanted }), wanted);
      const params = args === undefined ? { name: prompt } : { name: prompt, arguments: args };
      return perform(server, 'prompts/get', params, wanted, startedAt);
    },
    async complete([ref, argument, asked], startedAt) {
      const { server, context, ...wanted }: Partial<typeof asked> = asked ?? {};
      const params = { ref, argument, ...(context === undefined ? {} : { context }) };
      const on = await finder.own(finder.server(textOf(server, 'unknown_server')), wanted);
      return perform(on, 'completion/complete', params, wanted, startedAt);
    },
    async ping([name, wanted = {}]) {
      const askedAt = now();
      await finder.server(name).request('ping', (session, call) => session.ping(call), wanted);
      return now() - askedAt;
    },
    wantedCredentials: async ([name]) =>
      (await finder.server(textOf(name, 'unknown_server')).personal?.load())?.wanted(),
    async holdScope([given, { close = true } = {}]) {
      const scope = textOf(given, 'invalid_arguments');
      const holds = held.get(scope) ?? new Set();
      const hold = { close };
      held.set(scope, holds.add(hold));
      return async () => {
        if (!holds.delete(hold)) return;
        // What one of them wanted closed is closed with the last.
        if (hold.close) for (const other of holds) other.close = true;
        if (holds.size > 0) return;
        held.delete(scope);
        if (hold.close) await Promise.all([...options.servers.values()].map((server) => server.releaseScope(scope)));
      };
    },
    async acceptTool([given, { hash, principal } = {}], startedAt) {
      const name = textOf(given, 'unknown_tool');
      const { server: named, tool } = finder.atOnce(name, principal) ?? (await bareNames.route(name, {}, startedAt));
      const server = await finder.own(named, { principal });
      if (server.catalog.tool(tool) === undefined)
        await finder.waitFor(server.connection().firstOutcome(), {}, startedAt, server);
      const entry = server.catalog.tool(tool);
      if (entry === undefined)
        throw new ToolwayError('unknown_tool', 'there is no such tool', { server: server.name, tool, executed: 'no' });
      await server.catalog.accept(entry, hash);
    },
  };
};

/** By the specification's word for it, 2025 (−32002) or later (−32602): of all parameters there is only the URI. */
const asUnknownResource = (thrown: unknown, uri: string): ToolwayError => {
  const error = ToolwayError.from(thrown);
  if (error.code !== 'server_error' || !NO_SUCH_RESOURCE.includes(error.rpcCode)) return error;
  const { code: _code, message, ...facts } = error.toJSON();
  const said = facts.server === undefined ? message : message.slice(facts.server.length + ': '.length);
  const reason = `there is no resource "${uri}": ${said}`;
  return new ToolwayError('unknown_resource', reason, { ...facts, cause: error });
};
const NO_SUCH_RESOURCE: readonly unknown[] = [RPC.resourceNotFound, RPC.invalidParams];

/** The route of a tool's name or part of it, an exact one first, among the servers as they are after their first attempts. */
const routeOfPart = async (
  name: string,
  options: MethodsOptions,
  bareNames: BareNames,
  startedAt: number,
): Promise<Route> => {
  const { servers, finder, qualify, splitName } = options;
  const split = splitName(name, (known) => servers.has(known));
  if (split === undefined) await bareNames.firstAttempts({}, startedAt);
  // A named server that cannot be reached is a better answer than "no such tool".
  else await finder.waitFor(finder.server(split.server).connection().firstOutcome(), {}, startedAt);
  const exact = finder.atOnce(name);
  if (exact?.entry !== undefined) return exact;
  const all = finder
    .active()
    .flatMap((server) => (server.catalog.known('tools')?.items ?? []).map((tool) => ({ server, tool: tool.name })))
    .filter(({ server, tool }) => server.catalog.tool(tool) !== undefined);
  if (all.some(({ tool }) => tool === name)) return bareNames.routeNow(name);
  const wanted = name.toLowerCase();
  const fits = all.filter(({ server, tool }) => qualify(server.name, tool).toLowerCase().includes(wanted));
  const [only] = fits;
  if (only === undefined) throw unknownTool(name, finder.active(), { qualify, server: undefined });
  if (fits.length > 1) throw ambiguousTool(name, fits, qualify);
  return only;
};
