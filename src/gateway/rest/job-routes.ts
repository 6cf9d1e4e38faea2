/** `/api/jobs/{id}`: what became of a call that nobody waited for. */
import type { GatewayApp } from '../context.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { Refusal } from '../refusal.ts';
import { jobView } from './preferred.ts';
import { json } from './result.ts';

export const addJobRoutes = (app: GatewayApp, jobs: Jobs): void => {
  app.get('/api/jobs/:id', async (c) => {
    const job = await jobs.get(c.get('caller').principal.id, c.req.param('id'));
    if (job === undefined) throw noJob();
    return json(jobView(job));
  });
  app.delete('/api/jobs/:id', async (c) => {
    if (!(await jobs.drop(c.get('caller').principal.id, c.req.param('id')))) throw noJob();
    return new Response(null, { status: 204 });
  });
};

const noJob = (): Refusal => new Refusal(404, 'unsupported', 'there is no such job');
