/** Writes down each call of a tool as it ends, whatever face it came by. */
import type { Toolkit } from '../api.ts';
import type { ToolkitEvents } from '../events.ts';
import { newId } from './random.ts';
import type { CallRecord, History } from './store/store.ts';

export interface HistoryOptions {
  toolkit: Toolkit;
  history: History;
  /** The time of day, in milliseconds since the Unix epoch. */
  today(): number;
}

/** What is told of every call that has ended. */
type Ended = ToolkitEvents['tool_call_success'] | ToolkitEvents['tool_call_error'];

/** Listens until the function that it gives is called. */
export const recordHistory = ({ toolkit, history, today }: HistoryOptions): (() => void) => {
  /** Calls are counted anew in each process: with this beside it their number is given once. */
  const run = newId().slice(0, 12);
  const append = (
    { id, principal, server, tool = '', durationMs, attempts }: Ended,
    outcome: Pick<CallRecord, 'outcome' | 'cached' | 'executed' | 'message'>,
  ): void =>
    history.append({
      id: `${id}-${run}`,
      call: id,
      at: today() - durationMs,
      principal,
      server,
      tool,
      durationMs,
      attempts,
      ...outcome,
    });
  const offs = [
    toolkit.on('tool_call_success', (event) => {
      const outcome = event.result.isError === true ? 'tool_error' : 'ok';
      append(event, { outcome, cached: event.cached });
    }),
    toolkit.on('tool_call_error', (event) => {
      const { code, executed, message } = event.error;
      append(event, { outcome: code, cached: false, executed, message });
    }),
  ];
  return () => {
    for (const off of offs) off();
  };
};
