/** The caller's own functions, where no server answered. */

import { ToolwayError } from '../errors.ts';
import type { FallbackFunction } from '../options.ts';
import type { CallToolResult } from '../protocol/types.ts';
import type { Route } from '../toolkit/catalog.ts';
import { allFailed } from './all-failed.ts';
import { hold } from './hold.ts';
import type { Asked, CallsPort } from './port.ts';
import type { Failure } from './stand-ins.ts';

/** The result of the first function that gives one; rejects with what became of all tries where none does. */
export const runFunctions = async (
  port: CallsPort,
  asked: Asked,
  functions: readonly FallbackFunction[],
  failures: Failure[],
  route: Route | undefined,
): Promise<CallToolResult> => {
  for (const fn of functions) {
    if (failures.some(({ error }) => error.code === 'denied' || error.code === 'cancelled')) break;
    try {
      const result = await runOne(port, asked, fn, allFailed(failures), route);
      if (asked.making !== undefined) asked.making.ownResult = true;
      return result;
    } catch (thrown) {
      failures.push({ place: Number.MAX_SAFE_INTEGER, error: told(thrown) });
    }
  }
  throw allFailed(failures);
};

const runOne = async (
  port: CallsPort,
  { name, args, wanted }: Asked,
  fn: FallbackFunction,
  error: ToolwayError,
  route: Route | undefined,
): Promise<CallToolResult> => {
  const { principal, scope, signal, timeoutMs } = wanted;
  const left = new AbortController();
  const failed = { name, arguments: args, server: route?.server.name, tool: route?.tool, principal, scope };
  // The limits of the call may be what failed, so the function has its own.
  const limits = { signal, timeoutMs, totalTimeoutMs: timeoutMs ?? route?.server.config.timeoutMs };
  const startedAt = port.house.deadlines.clock.now();
  const working = Promise.resolve().then(() => fn({ ...failed, signal: left.signal }, error));
  try {
    const about = { on: route?.server, tool: route?.tool ?? String(name), wanted: limits, startedAt };
    const result = await hold(port, working, about);
    if (Array.isArray(result?.content)) return result;
  } catch (thrown) {
    left.abort(thrown);
    throw thrown;
  }
  throw new ToolwayError('internal', 'it gave no result: there is no content', { executed: 'no' });
};

/** Whatever the function did, it did not run the tool that was called. */
const told = (thrown: unknown): ToolwayError => {
  const { code, message, limit } = ToolwayError.from(thrown);
  return new ToolwayError(code, `the fallback function failed: ${message}`, { executed: 'no', limit, cause: thrown });
};
