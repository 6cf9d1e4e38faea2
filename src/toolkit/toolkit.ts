/** `createToolkit`: many servers behind one face, every call on one road. */
import type { Toolkit } from '../api.ts';
import type { Call } from '../call.ts';
import { createDeadlines } from '../clock.ts';
import { isServerName } from '../config/names.ts';
import type { nearest } from '../config/nearest.ts';
import { ToolwayError } from '../errors.ts';
import { guarded } from '../events.ts';
import { createChanges } from '../middleware/changes.ts';
import { qualify, splitName } from '../names.ts';
import { once } from '../once.ts';
import type { ToolkitOptions } from '../options.ts';
import { createServerClient } from '../protocol/client.ts';
import { walkList } from '../protocol/lists.ts';
import { createRoster } from '../roster.ts';
import type { Runtime } from '../runtime.ts';
import type { House, ManagedServer } from '../server/server.ts';
import { CLIENT_INFO } from '../server/settings.ts';
import { createCalling } from './calling.ts';
import { checkOptions, checkWanted, textOf } from './doors.ts';
import { createFinder } from './finder.ts';
import { methodsLater } from './later.ts';
import { createMembers, defaultsOf } from './members.ts';
import { connectedSince, createWatch } from './watch.ts';

/** Methods that are loaded when they are first called: what stands above the road, and what has to do with more than tools. */
const CALLING = ['tryCall', 'batch', 'queue', 'broadcast'] as const;
const METHODS = [
  'tool',
  'listResources',
  'listResourceTemplates',
  'listPrompts',
  'searchTools',
  'findResource',
  'readResource',
  'subscribeResource',
  'getPrompt',
  'complete',
  'ping',
  'acceptTool',
  'holdScope',
  'wantedCredentials',
  'addServer',
  'disableServer',
  'enableServer',
  'removeServer',
  'reconnect',
] as const;

/** Makes a toolkit on the runtime that its options, once they are checked, are for. Reads no file; rejects only when the options as a whole are unusable. */
export const assembleToolkit = async (
  options: ToolkitOptions,
  createRuntime: (options: ToolkitOptions) => Runtime,
): Promise<Toolkit> => {
  await checkOptions(options);
  const runtime = createRuntime(options);
  const { clock } = runtime;
  const { mcpServers = {} } = options;
  const defaults = await defaultsOf(options.defaults);
  const deadlines = createDeadlines(clock);
  const watch = await createWatch(options, runtime);
  const { events, logger, secrets } = watch;
  const calls = createRoster<Call>();
  const validator = runtime.createValidator();
  let closing: Promise<void> | undefined;
  const closed = (): boolean => closing !== undefined;

  const loading = import('./road.ts');
  const { limits = {}, catalogueFile: path } = options;
  const ground = loading.then(({ layGround }) => layGround(options, { runtime, events, secrets, limits, calls }));
  ground.catch(() => {});
  // Under rules that cannot be used nothing is started.
  if ((options.policy ?? options.pins ?? options.pinFile) !== undefined) await ground;

  const house: House = {
    runtime,
    deadlines,
    validator,
    events,
    secrets,
    ground,
    pins: options.pins,
    changes: createChanges(),
    clientInfo: options.clientInfo ?? CLIENT_INFO,
    handlers: options,
    limits,
    catalogues:
      path === undefined
        ? undefined
        : await (await import('./catalogue-file.ts')).openCatalogueFile({
            ...runtime,
            path,
            walkList,
            events,
            masked: secrets.masked,
          }),
    calls,
    heldScopes: new Map(),
    credentials: {},
  };
  const members = createMembers({ house, defaults });
  const { servers } = members;
  let suggest: typeof nearest = () => [];
  const finder = createFinder({ servers, deadlines, nearest: (...given) => suggest(...given) });

  const connectAndList = async (server: ManagedServer, first = server.connection().firstOutcome()): Promise<void> => {
    await first;
    await server.listed();
  };
  for (const [name, config] of Object.entries(mcpServers)) await members.addAsNamed(name, config);
  const toConnect = options.connect === 'lazy' ? [] : finder.active();
  const connecting = Promise.allSettled(toConnect.map((server) => connectAndList(server)));

  const behind = Promise.all([loading.then(({ createRoad }) => createRoad(options, house, finder)), ground]);
  const [road, laid] = await behind.catch(async (error: unknown) => {
    await members.close();
    throw ToolwayError.from(error);
  });
  const { metrics, describeServer, describeCall, pinsSaved, traffic } = laid;
  suggest = laid.nearest;
  if (watch.step !== undefined) road.use(watch.step(servers), { before: 'observe' });
  const { batchWindowMs } = options;
  const { callTool, above, perform, tellProgress } = createCalling({
    house,
    finder,
    road,
    logger,
    batchWindowMs,
    closed,
  });

  const now = (): number => clock.now();
  const loadListing = once(async () => {
    const { listedBy, readLists } = await import('./listing.ts');
    return {
      listTools: async ([filter = {}]: Parameters<Toolkit['listTools']>, startedAt: number) =>
        listedBy(await readLists(finder, 'tools', filter, startedAt), 'tools', qualify),
    };
  });
  const loadMethods = once(async () => {
    const { createMethods } = await import('./methods.ts');
    return createMethods({
      servers,
      members,
      finder,
      isServerName,
      closed,
      connectAndList,
      callTool,
      perform,
      qualify,
      splitName,
      textOf,
      guarded,
      events,
      now,
      held: house.heldScopes,
    });
  });

  const toolkit: Toolkit = {
    callTool,
    ...methodsLater(CALLING, above, now),
    ...methodsLater(['listTools'], loadListing, now),
    ...methodsLater(METHODS, loadMethods, now),
    server(name) {
      const server = finder.server(name);
      return createServerClient({
        checkWanted,
        tellProgress,
        request: async (wanted, ...request) => (await finder.own(server, wanted)).request(...request),
      });
    },
    status: (principal) =>
      Object.fromEntries(
        [...servers.values()].map((server) => [
          server.name,
          describeServer((server.personal?.made?.known(principal) ?? server).facts()),
        ]),
      ),
    has: (name) => servers.has(name),
    wantsCredentials: (name) => servers.get(name)?.personal !== undefined,
    provideCredentials(source) {
      house.credentials.source = source;
    },
    async releasePrincipal(name, principal, { drainMs = 0 } = {}) {
      await finder.server(name).personal?.made?.release(principal, drainMs);
    },
    metrics: () => metrics.report([...servers.values()].map((server) => [server.name, connectedSince(server)])),
    on: events.on,
    use: road.use,
    isolate: (name) => traffic.of(finder.server(name)).fuse.isolate(),
    async waitForConnection(name, { timeoutMs } = {}) {
      const server = finder.server(name);
      const wanted = timeoutMs === undefined ? {} : { timeoutMs, totalTimeoutMs: timeoutMs };
      await finder.waitFor(server.connection().session(), wanted, clock.now(), server);
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
    await members.close();
    await pinsSaved?.();
    await house.catalogues?.close();
    await validator.close();
    deadlines.close();
  };

  if (options.connect === 'wait') await connecting;
  return toolkit;
};
