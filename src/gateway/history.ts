/** Writes down each call of a tool as it ends, whatever face it came by. */
import type { Toolkit } from '../api.ts';
import { newId } from './mcp/random-id.ts';
import type { History } from './store/store.ts';

export interface HistoryOptions {
  toolkit: Toolkit;
  history: History;
  /** The time of day, in milliseconds since the Unix epoch. */
  today(): number;
}

/** Listens until the function that it gives is called. */
export const recordHistory = ({ toolkit, history, today }: HistoryOptions): (() => void) => {
  /** Calls are counted anew in each process: with this beside it their number is given once. */
  const run = newId().slice(0, 12);
  const offs = [
    toolkit.on('tool_call_success', ({ id, principal, server, tool = '', durationMs, attempts, cached, result }) =>
      history.append({
        id: `${id}-${run}`,
        call: id,
        at: today() - durationMs,
        principal,
        server,
        tool,
        outcome: result.isError === true ? 'tool_error' : 'ok',
        durationMs,
        attempts,
        cached,
      }),
    ),
    toolkit.on('tool_call_error', ({ id, principal, server, tool = '', durationMs, attempts, error }) =>
      history.append({
        id: `${id}-${run}`,
        call: id,
        at: today() - durationMs,
        principal,
        server,
        tool,
        outcome: error.code,
        durationMs,
        attempts,
        cached: false,
        executed: error.executed,
        message: error.message,
      }),
    ),
  ];
  return () => {
    for (const off of offs) off();
  };
};
