/** The lists, and what is read of resources and prompts. Callers see in them what exists for them. */
import { pointerStep } from '../../config/places.ts';
import type { GatewayApp, GatewayContext } from '../context.ts';
import { LIST_WAIT_MS } from '../dispatch.ts';
import { readObject, unfit } from './body.ts';
import { limitOf } from './query.ts';
import { contentsResponse, json } from './result.ts';

/** Tools that a search finds at most; more of them are found first, since the caller may not see all. */
const MAX_FOUND = 100;
const LOOKED_AT = 1_000;

export const addCatalogueRoutes = (app: GatewayApp, { dispatch, toolkit, limits }: GatewayContext): void => {
  app.get('/api/tools', async (c) => json({ tools: await dispatch.tools(c.get('caller'), c.req.query('server')) }));
  app.get('/api/tools/search', async (c) => {
    const { principal } = c.get('caller');
    const { q = '', server } = c.req.query();
    const limit = limitOf(c.req.query('limit'), { fallback: 10, most: MAX_FOUND });
    const wishes = {
      limit: LOOKED_AT,
      timeoutMs: LIST_WAIT_MS,
      principal: principal.id,
      ...(server !== undefined && { server }),
    };
    const found = await toolkit.searchTools(q, wishes);
    return json({ tools: found.filter((tool) => principal.sees(tool.server, tool.name)).slice(0, limit) });
  });
  app.get('/api/resources', async (c) => {
    const [caller, server] = [c.get('caller'), c.req.query('server')];
    const [resources, resourceTemplates] = await Promise.all([
      dispatch.resources(caller, server),
      dispatch.resourceTemplates(caller, server),
    ]);
    return json({ resources, resourceTemplates });
  });
  app.get('/api/resources/read', async (c) => {
    const { uri, server } = c.req.query();
    if (uri === undefined || uri === '')
      throw unfit('uri is missing', [{ path: '/uri', message: 'must be the URI of a resource' }]);
    const { signal, headers } = c.req.raw;
    const wishes = { signal, ...(server !== undefined && { server }) };
    return contentsResponse(await dispatch.readResource(c.get('caller'), uri, wishes), headers.get('accept'));
  });
  app.get('/api/prompts', async (c) =>
    json({ prompts: await dispatch.prompts(c.get('caller'), c.req.query('server')) }),
  );
  app.post('/api/prompts/:server/:prompt', async (c) => {
    const args = await readObject(c.req.raw, limits.maxBodyBytes);
    const problems = Object.entries(args)
      .filter(([, value]) => typeof value !== 'string')
      .map(([key]) => ({ path: pointerStep(key), message: 'must be a string' }));
    if (problems.length > 0) throw unfit('arguments of prompts are strings', problems);
    const prompt = { server: c.req.param('server'), name: c.req.param('prompt') };
    const { signal } = c.req.raw;
    return json(await dispatch.getPrompt(c.get('caller'), prompt, args as Record<string, string>, { signal }));
  });
};
