/** `createToolkit`: many servers behind one face, every call on one road. */
import type { CallableTool, Toolkit } from './api.ts';
import { Call } from './call.ts';
import { listedBy, type Route } from './catalog.ts';
import { createDeadlines } from './clock.ts';
import { isServerName } from './config/names.ts';
import { isPlain } from './config/plain.ts';
import { argumentsOf, textOf } from './doors.ts';
import { ToolwayError } from './errors.ts';
import { createEmitter, guarded } from './events.ts';
import { createFinder } from './finder.ts';
import { createChain } from './middleware/chain.ts';
import { deadline } from './middleware/deadline.ts';
import { limit } from './middleware/limit.ts';
import { observe } from './middleware/observe.ts';
import { route } from './middleware/route.ts';
import { validate } from './middleware/validate.ts';
import type { CallOptions, RequestOptions, ServerConfig, ToolkitOptions } from './options.ts';
import { createServerClient } from './protocol/client.ts';
import type { CallToolResult, JsonObject, Progress } from './protocol/types.ts';
import { createRoster } from './roster.ts';
import type { Runtime } from './runtime.ts';
import { createServer, type House, type ManagedServer } from './server/server.ts';
import { CLIENT_INFO, DEFAULTS } from './server/settings.ts';
import { describeCall } from './server/status.ts';

/** Makes a toolkit on a runtime. Reads no file; rejects only when the options as a whole are unusable. */
export const assembleToolkit = async (options: ToolkitOptions, runtime: Runtime): Promise<Toolkit> => {
  const { clock } = runtime;
  const deadlines = createDeadlines(clock);
  const events = createEmitter((error, event) => options.logger?.error(`a handler of "${event}" failed`, { error }));
  const calls = createRoster<Call>();
  const servers = new Map<string, ManagedServer>();
  const validator = runtime.createValidator();
  let closing: Promise<void> | undefined;
  /** Servers that were removed and are not gone yet. */
  const leaving = new Set<Promise<void>>();

  const house: House = {
    runtime,
    deadlines,
    validator,
    events,
    clientInfo: options.clientInfo ?? CLIENT_INFO,
    handlers: options,
    limits: options.limits ?? {},
    calls,
  };
  events.on('warning', ({ server, message, tool, cause }) => options.logger?.warn(message, { server, tool, cause }));

  const finder = createFinder(servers, deadlines);

  const chain = createChain(
    [
      { name: 'observe', middleware: observe({ clock, events, calls }) },
      { name: 'route', middleware: route((call) => finder.arrive(call)) },
      {
        name: 'policy',
        middleware: validate((call) => call.tool && servers.get(call.server)?.catalog.tool(call.tool.name)),
      },
      { name: 'deadline', middleware: deadline(deadlines) },
      { name: 'limit', middleware: limit((call) => finder.server(call.server).lane) },
    ],
    (call) => finder.server(call.server).perform(call),
  );

  /** What the server reports on the way goes to the caller and to whoever listens; neither can break the connection. */
  const onProgressOf = (
    own: RequestOptions['onProgress'],
    about: () => { id: string; server: string; scope: string; method: string; tool?: string },
  ) => {
    if (own === undefined && !events.heard('tool_call_progress')) return undefined;
    return (progress: Progress): void => {
      events.emit('tool_call_progress', { ...about(), ...progress });
      tellProgress(own, progress);
    };
  };
  const tellProgress = (own: RequestOptions['onProgress'], progress: Progress): void =>
    guarded(
      () => own?.(progress),
      (error) => options.logger?.error('onProgress failed', { error }),
    );

  const NO_META: JsonObject = {};
  const callOn = (
    server: ManagedServer,
    method: string,
    params: JsonObject,
    wanted: CallOptions,
    startedAt: number,
    route?: Route,
  ): Call => {
    if (closing !== undefined) throw new ToolwayError('closed', 'the toolkit was closed', { executed: 'no' });
    const { config, name } = server;
    const onProgress = onProgressOf(wanted.onProgress, () => ({
      id: call.id,
      server: name,
      scope: call.scope,
      method,
      ...(route === undefined ? {} : { tool: route.tool }),
    }));
    const call: Call = new Call({
      method,
      params,
      server: name,
      scope: wanted.scope,
      principal: wanted.principal,
      tool: route?.entry?.tool,
      meta: wanted.meta ?? NO_META,
      timeoutMs: wanted.timeoutMs ?? config.timeoutMs ?? DEFAULTS.timeoutMs,
      totalTimeoutMs: wanted.totalTimeoutMs ?? config.totalTimeoutMs ?? DEFAULTS.totalTimeoutMs,
      signal: wanted.signal,
      onProgress,
      startedAt,
    });
    return call;
  };

  const callRoute = (route: Route, args: Record<string, unknown>, wanted: CallOptions, startedAt: number) => {
    const call = callOn(route.server, 'tools/call', { name: route.tool, arguments: args }, wanted, startedAt, route);
    return chain.run(call) as Promise<JsonObject & CallToolResult>;
  };
  /** No `async`: each one on this road costs a quarter of a microsecond. */
  const callTool: Toolkit['callTool'] = (name, args = {}, wanted = {}) => {
    try {
      const startedAt = clock.now();
      const given = argumentsOf(args);
      const route = finder.atOnce(textOf(name, 'unknown_tool'));
      if (route !== undefined) return callRoute(route, given, wanted, startedAt);
      return finder.route(name, wanted, startedAt).then((found) => callRoute(found, given, wanted, startedAt));
    } catch (error) {
      return Promise.reject(ToolwayError.from(error, { executed: 'no' }));
    }
  };

  const perform = async <T>(
    server: ManagedServer,
    method: string,
    params: JsonObject,
    wanted: CallOptions,
    startedAt: number,
  ): Promise<T> => (await chain.run(callOn(server, method, params, wanted, startedAt))) as T;

  /** Configurations in a spelling of another host, or with an unusable name, take longer: what reads them is loaded then. */
  const settle = async (name: string, config: ServerConfig): Promise<[string, ServerConfig]> => {
    if (isPlain(name, config)) return [name, { ...options.defaults, ...config }];
    return (await import('./config/settle.ts')).settleServer(name, isServerName(name), config, options.defaults);
  };
  const add = (name: string, config: Parameters<typeof createServer>[1]): ManagedServer => {
    const server = createServer(name, config, house);
    servers.set(name, server);
    return server;
  };
  /** To be asked again after every wait: another may have taken the name, or closed the toolkit. */
  const admit = (name: string): void => {
    if (closing !== undefined) throw new ToolwayError('closed', 'the toolkit was closed', { executed: 'no' });
    if (servers.has(name))
      throw new ToolwayError('invalid_config', `there is a server "${name}" already`, { executed: 'no', server: name });
    if (!isServerName(name))
      throw new ToolwayError('invalid_config', `"${name}" cannot be the name of a server`, { executed: 'no' });
  };
  const connectAndList = async (server: ManagedServer, first: Promise<unknown>): Promise<void> => {
    await first;
    await server.listed();
  };

  const toolkit: Toolkit = {
    callTool,
    async tool(name) {
      const { server, tool } = await finder.part(textOf(name, 'unknown_tool'));
      const [definition] = listedBy([server], 'tools').filter((listed) => listed.name === tool);
      if (definition === undefined)
        throw new ToolwayError('unknown_tool', `there is no tool "${name}"`, { executed: 'no' });
      const callable = (args?: Record<string, unknown>, wanted?: CallOptions) =>
        callTool(definition.qualifiedName, args, wanted);
      return Object.assign(callable, { definition }) satisfies CallableTool;
    },
    listTools: async (filter = {}) => listedBy(await finder.read('tools', filter), 'tools'),
    listResources: async (filter = {}) => listedBy(await finder.read('resources', filter), 'resources'),
    listResourceTemplates: async (filter = {}) =>
      listedBy(await finder.read('resourceTemplates', filter), 'resourceTemplates'),
    listPrompts: async (filter = {}) => listedBy(await finder.read('prompts', filter), 'prompts'),
    async readResource(uri, { server, ...wanted } = {}) {
      const startedAt = clock.now();
      const from = await finder.resource(textOf(uri, 'unknown_resource'), server, wanted);
      return perform(from, 'resources/read', { uri }, wanted, startedAt);
    },
    async subscribeResource(uri, handler, { server } = {}) {
      const from = await finder.resource(textOf(uri, 'unknown_resource'), server, {});
      return from.subscriptions.add(uri, handler);
    },
    async getPrompt(name, args, wanted = {}) {
      const startedAt = clock.now();
      const { server, prompt } = await finder.prompt(textOf(name, 'unknown_prompt'), wanted);
      return perform(
        server,
        'prompts/get',
        args === undefined ? { name: prompt } : { name: prompt, arguments: args },
        wanted,
        startedAt,
      );
    },
    async complete(ref, argument, options) {
      const { server, context, ...wanted }: Partial<typeof options> = options ?? {};
      const params = { ref, argument, ...(context === undefined ? {} : { context }) };
      return perform(
        finder.server(textOf(server, 'unknown_server')),
        'completion/complete',
        params,
        wanted,
        clock.now(),
      );
    },
    server(name) {
      const server = finder.server(name);
      return createServerClient(({ method, params, options: wanted = {} }, run) =>
        server.request(method, run, {
          ...wanted,
          params,
          meta: wanted.meta ?? NO_META,
          ...(wanted.onProgress === undefined
            ? {}
            : { onProgress: (progress) => tellProgress(wanted.onProgress, progress) }),
        }),
      );
    },
    status: () => Object.fromEntries([...servers.values()].map((server) => [server.name, server.status()])),
    on: events.on,
    use: chain.use,
    async addServer(name, raw) {
      admit(name);
      const settled = await settle(name, raw);
      admit(name);
      const server = add(...settled);
      await connectAndList(server, server.connection().firstOutcome());
    },
    async removeServer(name) {
      const server = finder.server(name);
      servers.delete(name);
      const gone = server.close();
      leaving.add(gone);
      await gone.finally(() => leaving.delete(gone));
    },
    async reconnect(name) {
      const server = finder.server(name);
      await connectAndList(server, server.connection().reconnect());
    },
    async ping(name, wanted = {}) {
      const startedAt = clock.now();
      await finder.server(name).request('ping', (session, call) => session.ping(call), wanted);
      return clock.now() - startedAt;
    },
    async waitForConnection(name, { timeoutMs } = {}) {
      await finder.waitFor(
        finder.server(name).connection().session(),
        timeoutMs === undefined ? {} : { timeoutMs },
        clock.now(),
      );
    },
    calls: () => calls.values().map((call) => describeCall(call, clock.now())),
    cancel(id) {
      const call = calls.find((each) => each.id === id);
      call?.stop(new ToolwayError('cancelled', 'the call was cancelled'));
      return call !== undefined;
    },
    close({ drainMs = 500 } = {}) {
      closing ??= shutDown(drainMs);
      return closing;
    },
    [Symbol.asyncDispose]: () => toolkit.close(),
  };

  /** Lets the calls in flight finish for a while, stops the others, then takes everything down. */
  const shutDown = async (drainMs: number): Promise<void> => {
    const until = clock.now() + drainMs;
    while (calls.size > 0 && clock.now() < until)
      await new Promise<void>((resolve) => clock.after(Math.min(20, drainMs), resolve));
    for (const call of calls.values()) call.stop(new ToolwayError('closed', 'the toolkit was closed'));
    await Promise.allSettled([...leaving, ...[...servers.values()].map((server) => server.close())]);
    await validator.close();
    deadlines.close();
  };

  const { mcpServers = {} } = options;
  if (typeof mcpServers !== 'object' || mcpServers === null || Array.isArray(mcpServers)) {
    throw new ToolwayError('invalid_config', 'mcpServers must be an object of servers by name');
  }
  for (const [name, config] of Object.entries(mcpServers)) add(...(await settle(name, config)));
  if (options.connect !== 'lazy') {
    const connecting = finder.active().map((server) => connectAndList(server, server.connection().firstOutcome()));
    const all = Promise.allSettled(connecting);
    if (options.connect === 'wait') await all;
  }
  return toolkit;
};
