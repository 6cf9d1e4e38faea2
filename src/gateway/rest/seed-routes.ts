/** `GET /tools` and `POST /tools/call`: the routes of small MCP clients that programs were written for before. */
import type { GatewayApp, GatewayContext } from '../context.ts';
import { readObject, unfit } from './body.ts';
import { targetOf } from './names.ts';
import { json } from './result.ts';

export const addSeedRoutes = (app: GatewayApp, context: GatewayContext): void => {
  const { dispatch, limits, clock } = context;
  app.get('/tools', async (c) => json({ tools: await dispatch.tools(c.get('caller')) }));
  app.post('/tools/call', async (c) => {
    const askedAt = clock.now();
    const caller = c.get('caller');
    const {
      tool_name: seedName,
      name = seedName,
      arguments: args = {},
    } = await readObject(c.req.raw, limits.maxBodyBytes);
    if (typeof name !== 'string' || name === '') throw wrong('name', 'must be the name of a tool');
    if (typeof args !== 'object' || args === null || Array.isArray(args)) throw wrong('arguments', 'must be an object');
    const target = await targetOf(context, caller, name);
    const key = c.req.raw.headers.get('idempotency-key');
    const result = await dispatch.callTool(caller, target, args as Record<string, unknown>, {
      signal: c.req.raw.signal,
      ...(key !== null && { idempotencyKey: key }),
    });
    return json({ result, server: target.server, duration_ms: clock.now() - askedAt });
  });
};

const wrong = (field: string, message: string) => unfit(`${field} ${message}`, [{ path: `/${field}`, message }]);
