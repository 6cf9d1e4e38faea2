/** The one error of a call that was tried more than once. */
import type { Executed } from '../errors.ts';
import { ToolwayError } from '../errors.ts';
import { type Failure, isRefusal } from './stand-ins.ts';

const DOUBT: Record<Executed, number> = { no: 0, yes: 1, unknown: 2 };
const doubtOf = ({ error: { executed = 'unknown' } }: Failure): number => DOUBT[executed];

/**
 * A refusal, else the failure that leaves most doubt whether the tool ran, else the first. With more than one it says
 * so, and its cause is an `AggregateError` of all of them in the order in which they were to be tried.
 */
export const allFailed = (failures: readonly Failure[]): ToolwayError => {
  const inOrder = [...failures].sort((a, b) => a.place - b.place);
  const byDoubt = [...inOrder].sort((a, b) => doubtOf(b) - doubtOf(a));
  const shown = inOrder.find(isRefusal) ?? byDoubt[0];
  if (shown === undefined) return new ToolwayError('internal', 'nothing was tried', { executed: 'no' });
  if (failures.length === 1) return shown.error;
  const { code, message: _message, ...facts } = shown.error.toJSON();
  const said = inOrder.map(({ error }) => `${error.code} (${error.message})`).join('; ');
  return new ToolwayError(code, `each of ${failures.length} tries failed: ${said}`, {
    ...facts,
    executed: byDoubt[0]?.error.executed ?? 'unknown',
    cause: new AggregateError(
      inOrder.map(({ error }) => error),
      'each try failed',
    ),
  });
};
