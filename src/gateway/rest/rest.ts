/** The gateway as plain HTTP. */
import type { GatewayApp, GatewayContext } from '../context.ts';
import { createJobs } from '../jobs/jobs.ts';
import { addBatchRoute } from './batch.ts';
import { addCallRoutes } from './calls.ts';
import { addCatalogueRoutes } from './catalogue.ts';
import { addDocsRoutes } from './docs/serve.ts';
import { addFallbacks } from './fallback.ts';
import { addJobRoutes } from './job-routes.ts';
import { addOpenApiRoutes } from './openapi/serve.ts';
import { addSeedRoutes } from './seed-routes.ts';
import { addServerRoutes } from './servers.ts';
import { addToolRoute } from './tool-route.ts';

/** What is left to do for whoever closes the gateway. */
export interface Rest {
  /** Cancels the jobs that run; resolves when the store has that. To be called before the store is closed. */
  close(): Promise<void>;
}

/** Adds the routes of tools, resources, prompts, servers, calls, jobs and batches, and what is answered where a route fails or is none. */
export const addRest = (app: GatewayApp, context: GatewayContext): Rest => {
  const { store, today, limits } = context;
  const jobs = createJobs({ records: store.records, today, ttlMs: limits.jobTtlMs, maxRunning: limits.maxJobs });
  addToolRoute(app, context, jobs);
  addCatalogueRoutes(app, context);
  addServerRoutes(app, context);
  addCallRoutes(app, context);
  addJobRoutes(app, jobs);
  addBatchRoute(app, context);
  addSeedRoutes(app, context);
  addOpenApiRoutes(app, context);
  addDocsRoutes(app);
  addFallbacks(app, context);
  return { close: jobs.close };
};
