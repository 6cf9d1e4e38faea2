/** Whether the gateway lives, and whether it can serve. Open to everybody, so that names are not told. */
import type { ServerState, Toolkit } from '../../api.ts';
import type { GatewayApp, GatewayContext } from '../context.ts';

/** States in which a server still has to show what becomes of it. */
const UNSETTLED: ReadonlySet<ServerState> = new Set(['connecting', 'disconnected']);

/** Adds `/healthz`, 200 as long as anything is answered, and `/readyz`, 200 once every server is connected or failed and until the gateway begins to close. */
export const addHealth = (app: GatewayApp, { toolkit, closing }: Pick<GatewayContext, 'toolkit' | 'closing'>): void => {
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', (c) => {
    const servers = countStates(toolkit);
    const ready = !closing.aborted && [...UNSETTLED].every((state) => servers[state] === undefined);
    return c.json({ ready, closing: closing.aborted, servers }, ready ? 200 : 503);
  });
};

const countStates = (toolkit: Toolkit): Partial<Record<ServerState, number>> => {
  const counts: Partial<Record<ServerState, number>> = {};
  for (const { state } of Object.values(toolkit.status())) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
};
