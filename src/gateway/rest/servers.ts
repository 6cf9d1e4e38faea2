/** The servers by name: where each stands, and what an administrator does with it. Nothing that a request says names a program. */
import type { ServerStatus, Toolkit } from '../../api.ts';
import { ToolwayError } from '../../errors.ts';
import type { GatewayApp, GatewayContext } from '../context.ts';
import { type Caller, demand } from '../principal.ts';
import { json } from './result.ts';

const ACTIONS: Readonly<Record<string, (toolkit: Toolkit, server: string) => Promise<void>>> = {
  reconnect: (toolkit, server) => toolkit.reconnect(server),
  disable: (toolkit, server) => toolkit.disableServer(server),
  enable: (toolkit, server) => toolkit.enableServer(server),
};

export const addServerRoutes = (app: GatewayApp, { dispatch, toolkit }: GatewayContext): void => {
  const viewOf = (caller: Caller, name: string) => {
    const status = dispatch.servers(caller).includes(name) ? toolkit.status(caller.principal.id)[name] : undefined;
    if (status !== undefined) return view(name, status, caller);
    throw new ToolwayError('unknown_server', `there is no server ${JSON.stringify(name)}`, { executed: 'no' });
  };

  app.get('/api/servers', (c) => {
    const caller = c.get('caller');
    const status = toolkit.status(caller.principal.id);
    const servers = dispatch.servers(caller).flatMap((name) => {
      const one = status[name];
      return one === undefined ? [] : [view(name, one, caller)];
    });
    return json({ servers });
  });
  app.get('/api/servers/:server', (c) => json(viewOf(c.get('caller'), c.req.param('server'))));
  for (const [action, run] of Object.entries(ACTIONS)) {
    app.post(`/api/servers/:server/${action}`, async (c) => {
      const caller = c.get('caller');
      const server = c.req.param('server');
      demand(caller.principal, 'admin');
      viewOf(caller, server);
      await run(toolkit, server);
      return json(viewOf(caller, server));
    });
  }
};

/** What callers are told of a server. Which process it is concerns administrators alone. */
const view = (name: string, { lastError, pid, children, ...status }: ServerStatus, { principal }: Caller) => ({
  name,
  ...status,
  ...(lastError !== undefined && { lastError: { code: lastError.code, message: lastError.message } }),
  ...(pid !== undefined && principal.may('admin') && { pid }),
  ...(children !== undefined && {
    children: children.map(({ pid: process, ...child }) =>
      principal.may('admin') ? { ...child, pid: process } : child,
    ),
  }),
});
