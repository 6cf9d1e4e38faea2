/** Calls in flight and calls that have ended: one's own, and everybody's for administrators. And what they add up to. */
import type { CallInfo } from '../../api.ts';
import { splitName } from '../../names.ts';
import type { ToolkitMetrics } from '../../telemetry/metrics.ts';
import type { GatewayApp, GatewayContext } from '../context.ts';
import type { Principal } from '../principal.ts';
import { Refusal } from '../refusal.ts';
import { limitOf, timeOf } from './query.ts';
import { json } from './result.ts';

const MAX_CALLS = 1_000;

export const addCallRoutes = (app: GatewayApp, { toolkit, store }: GatewayContext): void => {
  app.get('/api/calls', async (c) => {
    const { principal } = c.get('caller');
    const { server, tool, outcome, principal: asked, since, before, limit } = c.req.query();
    const wanted = principal.may('admin') ? asked : principal.id;
    const filter = {
      server,
      tool,
      outcome,
      principal: wanted,
      since: timeOf('since', since),
      before: timeOf('before', before),
      limit: limitOf(limit, { fallback: 100, most: MAX_CALLS }),
    };
    const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
    const inFlight = toolkit
      .calls()
      .filter((call) => (wanted === undefined || call.principal === wanted) && (server ?? call.server) === call.server)
      .filter((call) => (tool ?? call.tool) === call.tool)
      .map(withoutScope);
    return json({ inFlight, calls: await store.history.find(given) });
  });
  app.delete('/api/calls/:id', (c) => {
    const { principal } = c.get('caller');
    const call = toolkit.calls().find(({ id }) => id === c.req.param('id'));
    const mayCancel = call !== undefined && (call.principal === principal.id || principal.may('admin'));
    if (!mayCancel || !toolkit.cancel(call.id))
      throw new Refusal(404, 'unsupported', 'there is no such call in flight');
    return new Response(null, { status: 204 });
  });
  app.get('/api/metrics', (c) => json(visible(toolkit.metrics(), c.get('caller').principal)));
};

/** A scope can be a session's id, which is a secret. */
const withoutScope = ({ scope: _, ...call }: CallInfo): Omit<CallInfo, 'scope'> => call;

/** The metrics without the servers and tools that do not exist for a principal. */
const visible = (metrics: ToolkitMetrics, principal: Principal): ToolkitMetrics => {
  const servers = Object.entries(metrics.servers).filter(([server]) => principal.sees(server));
  const names = new Set(servers.map(([server]) => server));
  const tools = Object.entries(metrics.tools).filter(([qualified]) => {
    const split = splitName(qualified, (server) => names.has(server));
    return split === undefined ? qualified === 'other' : principal.sees(split.server, split.tool);
  });
  return { ...metrics, servers: Object.fromEntries(servers), tools: Object.fromEntries(tools) };
};
