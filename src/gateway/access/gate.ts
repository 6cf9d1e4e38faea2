/** What every request passes before it comes to a route. */
import type { Context, MiddlewareHandler, Next } from 'hono';
import { Refusal } from '../refusal.ts';
import { changesSomething, checkBodyType } from './body-type.ts';
import { allowOrigin, answerPreflight, isPreflight } from './cors.ts';
import { type HomeOptions, homeOf } from './home.ts';
import type { Hosts } from './hosts.ts';
import type { Identify, Stranger, Visitor } from './identify.ts';
import type { Known } from './known.ts';
import type { JwtOptions } from './options.ts';
import { createNeedOf, type Need } from './permissions.ts';
import { challengeFor, type Fault } from './resource-metadata.ts';

export interface GateOptions extends HomeOptions {
  hosts: Hosts;
  identify: Identify;
  issuers: readonly JwtOptions[];
}

type Answer = ReturnType<MiddlewareHandler>;

/** Sets `c.var.caller` and goes on, or throws a `Refusal`. Nothing is waited for where a credential was seen before. */
export const createGate = ({ hosts, identify, issuers, ...home }: GateOptions): MiddlewareHandler => {
  const needOf = createNeedOf();

  const challenge = (c: Context, fault: Fault): Record<string, string> => ({
    'WWW-Authenticate': challengeFor(fault, c.req.path, homeOf(c, home), issuers),
  });

  const checkPermission = (c: Context, { caller, isToken, filters }: Known, need: Need): void => {
    if (need === 'known') return;
    const { principal } = caller;
    const permission = need === 'all' || need === 'open' ? 'read' : need;
    if (!principal.may(permission)) {
      const headers = isToken ? challenge(c, { missing: permission }) : {};
      throw new Refusal(403, 'forbidden', `${principal.id} lacks the permission "${permission}"`, { headers });
    }
    if (need !== 'all' || filters === undefined) return;
    throw new Refusal(403, 'forbidden', `${principal.id} does not see everything, and this tells of all`);
  };

  const pass = (c: Context, next: Next, visitor: Visitor | Stranger): Answer => {
    if (visitor === 'nothing') {
      const headers = challenge(c, 'none');
      throw new Refusal(401, 'auth_required', 'a key is needed, as Authorization: Bearer or X-API-Key', { headers });
    }
    if (visitor === 'wrong') {
      const headers = challenge(c, 'invalid_token');
      throw new Refusal(401, 'auth_failed', 'the key or token is not valid here', { headers });
    }
    const { known, byCookie } = visitor;
    const request = c.req.raw;
    const need = needOf(request.method, c.req.path);
    if (need === undefined) throw new Refusal(404, 'unsupported', `there is nothing at ${c.req.path.slice(0, 200)}`);
    // The app knows which methods the path has.
    if (need === 'other method') return Promise.resolve(c.notFound());
    if (changesSomething(request.method)) {
      if (byCookie && !request.headers.has('x-toolway')) {
        throw new Refusal(403, 'forbidden', 'a browser that shows a cookie has to send the header X-Toolway too');
      }
      checkBodyType(request, c.env);
    }
    checkPermission(c, known, need);
    const waitMs = known.meter.request();
    if (waitMs > 0) {
      const reason = `${known.caller.principal.id} asks faster than it is allowed to`;
      throw new Refusal(429, 'rate_limited', reason, { retryAfterMs: waitMs });
    }
    known.isUsed = true;
    c.set('caller', known.caller);
    return next();
  };

  return (c, next) => {
    const request = c.req.raw;
    const from = hosts.check(request);
    if (from === 'allowed') {
      const origin = request.headers.get('origin') ?? '';
      if (isPreflight(request)) return Promise.resolve(answerPreflight(request, origin));
      allowOrigin(c, origin);
    }
    if (needOf(request.method, c.req.path) === 'open') return next();
    const visitor = identify(request, c.env, from);
    if (visitor instanceof Promise) return visitor.then((somebody) => pass(c, next, somebody));
    return pass(c, next, visitor);
  };
};
