/** `createGateway`: puts the rooms together. A request passes them in the order in which they are added here. */
import { Hono } from 'hono';
import type { Toolkit } from '../api.ts';
import { systemClock } from '../clock.ts';
import type { Isolation } from '../options.ts';
import { type Access, createAccess } from './access/access.ts';
import { createAdmission } from './admission.ts';
import { createApprovals } from './approvals/approvals.ts';
import { addApprovalRoutes } from './approvals/routes.ts';
import { addChatRoute } from './chat/route.ts';
import type { GatewayApp, GatewayContext } from './context.ts';
import { addCredentials } from './credentials/add.ts';
import { createDispatch } from './dispatch.ts';
import { recordHistory } from './history.ts';
import { withOutcomes } from './jobs/outcomes.ts';
import { createLasting } from './lasting.ts';
import { LIMITS } from './limits.ts';
import { addMcp } from './mcp/endpoint.ts';
import { createModern } from './mcp/modern/modern.ts';
import { createResourceWatch } from './mcp/resource-watch.ts';
import { createTaskRoom } from './mcp/tasks.ts';
import type { GatewayOptions } from './options.ts';
import { addRest } from './rest/rest.ts';
import { createMemoryStore } from './store/memory.ts';
import { addWatch } from './watch/watch.ts';

/** Many servers behind one door. */
export interface Gateway extends Pick<Access, 'createLink' | 'replaceKeys'> {
  /**
   * Tells where the gateway listens: the address becomes one that it may be called by, and with `port`, where it has no
   * `publicUrl`, the one to which callers are sent who have to give something.
   */
  listening(address: { host: string; port?: number }): void;
  /** Answers one request, for whatever server of HTTP the program has: Node, Deno, Bun, a worker. `env` is what that server hands to Hono. */
  fetch(request: Request, env?: object): Response | Promise<Response>;
  /** Begins to close: streams end, sessions with their last answer, `/readyz` says no, new sessions and calls are refused with 503. */
  drain(): void;
  /** Ends sessions and jobs and writes what is to be remembered. The toolkit is left as it is. */
  close(): Promise<void>;
}

/** Makes a gateway in front of a toolkit. */
export const createGateway = (toolkit: Toolkit, options: GatewayOptions = {}): Gateway => {
  const { store = createMemoryStore(), isolation, names, logger, upgradeWebSocket } = options;
  const ending = new AbortController();
  const approvals = createApprovals({ records: store.records, today: Date.now, closing: ending.signal });
  const limits = { ...LIMITS, ...options.limits };
  const time = { clock: systemClock, today: Date.now };
  const own = addCredentials({ ...options, ...time, toolkit, store, closing: ending.signal });
  const shared = isolationOf(isolation);
  const dispatch = createDispatch({
    toolkit,
    closing: ending.signal,
    isolationOf: (server) => (toolkit.wantsCredentials(server) ? 'perPrincipal' : shared(server)),
    approvals,
    askForCredentials: own.ask,
  });
  const context: GatewayContext = {
    toolkit,
    dispatch: withOutcomes(dispatch, store),
    approvals,
    credentials: own,
    store,
    lasting: createLasting(time),
    tasks: createTaskRoom({ ...store, ...limits, ...time }),
    resources: createResourceWatch({ toolkit, closing: ending.signal }),
    limits,
    ...time,
    logger,
    upgradeWebSocket,
    closing: ending.signal,
  };
  /** Whoever gets a name that somebody had before gets nothing else of it. */
  const forgetPrincipal = async (principal: string): Promise<void> => {
    const releaseScope = await toolkit.holdScope(principal);
    await Promise.all([own.forget(principal), approvals.forget(principal), releaseScope()]);
  };
  const app: GatewayApp = new Hono();
  const watch = addWatch(app, context, options);
  const access = createAccess({
    ...context,
    access: options.access,
    forget: forgetPrincipal,
    onAudit: options.onAudit,
  });
  access.install(app);
  watch.addRoutes(app);
  const modern = createModern(context);
  const mcp = addMcp(app, context, { modern: modern.post, names });
  addApprovalRoutes(app, context, approvals);
  own.addRoutes(app, limits);
  addChatRoute(app, context, options.chat);
  const rest = addRest(app, context);
  const forget = recordHistory({ ...context, history: store.history });
  const { maxRequests } = limits;
  const admission = createAdmission((request, env) => app.fetch(request, env), { ...context, maxRequests });
  const listenNoMore = toolkit.on('tool_call_error', ({ error }) => {
    if (error.code === 'backpressure') admission.crowded();
  });
  let closing: Promise<void> | undefined;

  const close = async (): Promise<void> => {
    ending.abort();
    modern.close();
    mcp.close();
    listenNoMore();
    admission.close();
    await Promise.all([rest.close(), context.tasks.close()]);
    await access.close();
    forget();
    watch.close();
    await store.close();
  };
  return {
    fetch: admission.fetch,
    createLink: access.createLink,
    listening(address) {
      access.listening(address);
      own.listening(address);
    },
    replaceKeys: access.replaceKeys,
    drain: () => ending.abort(),
    close() {
      closing ??= close();
      return closing;
    },
  };
};

const isolationOf = (given: GatewayOptions['isolation'] = 'shared'): ((server: string) => Isolation) =>
  typeof given === 'string' ? () => given : (server) => given[server] ?? given['*'] ?? 'shared';
