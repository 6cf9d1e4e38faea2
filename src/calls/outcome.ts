/** What became of a call, as a value. */
import type { CallOutcome } from '../api.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { CallToolResult } from '../protocol/types.ts';
import type { Making } from './port.ts';

/** Runs what makes calls and tells what became of it; never rejects. */
export const outcomeOf = async (
  clock: Clock,
  startedAt: number,
  run: (making: Making) => Promise<CallToolResult> | CallToolResult,
): Promise<CallOutcome> => {
  const making: Making = { calls: [] };
  try {
    const result = await run(making);
    const last = making.ownResult === true ? undefined : making.calls.at(-1);
    return { success: true, result, serverUsed: last?.server, ...factsOf(making, clock.now() - startedAt) };
  } catch (thrown) {
    const error = ToolwayError.from(thrown, { executed: 'no' });
    return { success: false, error, serverUsed: undefined, ...factsOf(making, clock.now() - startedAt) };
  }
};

const factsOf = ({ calls, ownResult = false }: Making, durationMs: number) => ({
  attempts: calls.reduce((sum, { attempt }) => sum + attempt, 0),
  durationMs,
  cached: !ownResult && calls.at(-1)?.cached === true,
});
