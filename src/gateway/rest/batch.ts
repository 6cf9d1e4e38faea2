/** `POST /api/batch`: many calls, a few at a time; one that fails stops no other. */
import type { CallToolResult } from '../../protocol/types.ts';
import type { GatewayApp, GatewayContext } from '../context.ts';
import type { Target } from '../dispatch.ts';
import type { Caller } from '../principal.ts';
import { readObject, unfit } from './body.ts';
import { targetOf } from './names.ts';
import { type ProblemDetails, problemOf } from './problem.ts';
import { json } from './result.ts';

/** What became of one call of a batch; `isError: true` is a success, as in the library. */
export type BatchOutcome = { server?: string; tool?: string; durationMs: number } & (
  | { success: true; result: CallToolResult }
  | { success: false; problem: ProblemDetails }
);

const DEFAULT_CONCURRENCY = 16;
const MAX_CONCURRENCY = 64;

export const addBatchRoute = (app: GatewayApp, context: GatewayContext): void => {
  const { dispatch, limits, clock } = context;

  const outcomeOf = async (caller: Caller, call: unknown, signal: AbortSignal): Promise<BatchOutcome> => {
    const askedAt = clock.now();
    let target: Target | undefined;
    try {
      const { args, server, name } = checkedCall(call);
      target = server === undefined ? await targetOf(context, caller, name) : { server, name };
      const result = await dispatch.callTool(caller, target, args, { signal });
      return { success: true, ...placeOf(target), durationMs: clock.now() - askedAt, result };
    } catch (thrown) {
      return { success: false, ...placeOf(target), durationMs: clock.now() - askedAt, problem: problemOf(thrown) };
    }
  };

  app.post('/api/batch', async (c) => {
    const caller = c.get('caller');
    const { signal } = c.req.raw;
    const { calls, concurrency = DEFAULT_CONCURRENCY } = await readObject(c.req.raw, limits.maxBodyBytes);
    if (!Array.isArray(calls)) throw wrong('/calls', 'must be an array');
    if (calls.length > limits.maxBatch) throw wrong('/calls', `has more than ${limits.maxBatch} calls`);
    if (!Number.isInteger(concurrency) || !((concurrency as number) >= 1 && (concurrency as number) <= MAX_CONCURRENCY))
      throw wrong('/concurrency', `must be a whole number from 1 to ${MAX_CONCURRENCY}`);
    const outcomes: BatchOutcome[] = new Array(calls.length);
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < calls.length) {
        const index = next;
        next += 1;
        outcomes[index] = await outcomeOf(caller, calls[index], signal);
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency as number, calls.length) }, work));
    return json({ outcomes });
  });
};

const placeOf = (target: Target | undefined): { server?: string; tool?: string } =>
  target === undefined ? {} : { server: target.server, tool: target.name };

/** One call, checked: `{ server?, tool | name, arguments? }`. */
const checkedCall = (call: unknown): { server?: string; name: string; args: Record<string, unknown> } => {
  if (!isObject(call)) throw wrong('', 'a call must be an object');
  const { server, tool, name = tool, arguments: args = {} } = call;
  if (typeof name !== 'string' || name === '') throw wrong('/name', 'must be the name of a tool');
  if (!isObject(args)) throw wrong('/arguments', 'must be an object');
  if (server === undefined) return { name, args };
  if (typeof server !== 'string' || server === '') throw wrong('/server', 'must be the name of a server');
  return { server, name, args };
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const wrong = (path: string, message: string) => unfit(`${path.slice(1) || 'it'} ${message}`, [{ path, message }]);
