/** `/api/approvals` and `/api/grants`: what waits for somebody's word, and what was said for later calls. */

import type { GatewayApp, GatewayContext } from '../context.ts';
import type { Principal } from '../principal.ts';
import { Refusal } from '../refusal.ts';
import { readObject, unfit } from '../rest/body.ts';
import { json } from '../rest/result.ts';
import type { Approval, ApprovalState } from './approval.ts';
import type { Approvals, Verdict } from './approvals.ts';

const STATES: readonly ApprovalState[] = ['pending', 'approved', 'denied', 'expired'];
const MAX_COMMENT_CHARS = 1_000;

export const addApprovalRoutes = (
  app: GatewayApp,
  { limits }: Pick<GatewayContext, 'limits'>,
  approvals: Approvals,
): void => {
  app.get('/api/approvals', async (c) => {
    const { principal } = c.get('caller');
    const asked = c.req.query('state') ?? 'pending';
    const state = STATES.find((one) => one === asked);
    if (state === undefined && asked !== 'all') throw oneOf('state', [...STATES, 'all']);
    return json({ approvals: (await approvals.list(state)).filter((approval) => maySee(principal, approval)) });
  });
  app.get('/api/approvals/:id', async (c) => {
    const approval = await approvals.get(c.req.param('id'));
    if (approval === undefined || !maySee(c.get('caller').principal, approval)) throw noSuch('approval');
    return json(approval);
  });
  app.post('/api/approvals/:id', async (c) => {
    const verdict = verdictOf(c.get('caller').principal, await readObject(c.req.raw, limits.maxBodyBytes));
    return json(await approvals.decide(c.req.param('id'), verdict));
  });
  app.get('/api/grants', async (c) => {
    const { principal } = c.get('caller');
    return json({ grants: (await approvals.grants.list()).filter((grant) => maySee(principal, grant)) });
  });
  app.delete('/api/grants/:id', async (c) => {
    const id = c.req.param('id');
    const grant = await approvals.grants.get(id);
    if (grant === undefined || !maySee(c.get('caller').principal, grant)) throw noSuch('grant');
    if (!(await approvals.grants.revoke(id))) throw noSuch('grant');
    return new Response(null, { status: 204 });
  });
};

/** Whoever may approve calls does so for the tools that it sees itself. */
const maySee = (principal: Principal, { server, tool }: Pick<Approval, 'server' | 'tool'>): boolean =>
  principal.sees(server, tool);

const verdictOf = (by: Principal, { decision, scope, reason }: Record<string, unknown>): Verdict => {
  if (decision !== 'once' && decision !== 'always' && decision !== 'deny')
    throw oneOf('decision', ['once', 'always', 'deny']);
  if (scope !== undefined && scope !== 'arguments' && scope !== 'tool') throw oneOf('scope', ['arguments', 'tool']);
  if (scope !== undefined && decision !== 'always') throw wrong('scope', 'is for the decision "always" alone');
  if (reason !== undefined && (typeof reason !== 'string' || reason.length > MAX_COMMENT_CHARS))
    throw wrong('reason', `must be a text of at most ${MAX_COMMENT_CHARS} characters`);
  return { by, decision, ...(scope !== undefined && { scope }), ...(reason !== undefined && { comment: reason }) };
};

const wrong = (field: string, message: string): Error => unfit(`${field} ${message}`, [{ path: `/${field}`, message }]);
const oneOf = (field: string, choices: readonly string[]): Error =>
  wrong(field, `must be one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`);

const noSuch = (what: 'approval' | 'grant'): Refusal => new Refusal(404, 'unsupported', `there is no such ${what}`);
