/** What is answered where a handler threw, or where there is none: a problem in either case. */
import { HTTPException } from 'hono/http-exception';
import { ToolwayError } from '../../errors.ts';
import type { GatewayApp, GatewayContext } from '../context.ts';
import { Refusal } from '../refusal.ts';
import { failureResponse } from './problem.ts';

/** Sets what the app answers to failures and to unknown paths, for the routes of all rooms. */
export const addFallbacks = (app: GatewayApp, { logger }: Pick<GatewayContext, 'logger'>): void => {
  app.onError((thrown) => {
    if (thrown instanceof HTTPException)
      return failureResponse(new Refusal(thrown.status, 'invalid_arguments', thrown.message));
    const told = thrown instanceof Refusal || (thrown instanceof ToolwayError && thrown.code !== 'internal');
    if (!told) logger?.error('a request failed', { error: thrown });
    return failureResponse(thrown);
  });

  let patterns: { method: string; matches: RegExp }[] | undefined;
  app.notFound((c) => {
    patterns ??= app.routes
      .filter(({ method, path }) => method !== 'ALL' && !path.endsWith('*'))
      .map(({ method, path }) => ({ method, matches: patternOf(path) }));
    const { path } = c.req;
    const allowed = new Set(patterns.filter(({ matches }) => matches.test(path)).map(({ method }) => method));
    if (allowed.size === 0) return failureResponse(new Refusal(404, 'unsupported', `there is nothing at ${path}`));
    if (allowed.has('GET')) allowed.add('HEAD');
    const allow = [...allowed].join(', ');
    return failureResponse(new Refusal(405, 'unsupported', `${path} takes ${allow} only`, { headers: { allow } }));
  });
};

/** The paths of a route, `:name` standing for one segment. */
const patternOf = (path: string): RegExp => {
  const segments = path.split('/').map((segment) => {
    if (segment.startsWith(':')) return '[^/]+';
    return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${segments.join('/')}$`);
};
