/** The last calls of a shell: what was called, how it ended, how long it took. */
import type { Toolkit } from '../../api.ts';

export interface RecentCall {
  /** When it ended, in milliseconds since the Unix epoch. */
  at: number;
  name: string;
  /** `ok`, `error` for a tool that answered so, else the code of the failure. */
  outcome: string;
  durationMs: number;
}

const MOST_CALLS = 100;

/** Listens for calls; the oldest are forgotten. */
export const recordCalls = (toolkit: Pick<Toolkit, 'on'>): readonly RecentCall[] => {
  const calls: RecentCall[] = [];
  const add = (event: { server: string; tool?: string; durationMs: number }, outcome: string): void => {
    const { server, tool = '?', durationMs } = event;
    calls.push({ at: Date.now(), name: `${server}.${tool}`, outcome, durationMs });
    if (calls.length > MOST_CALLS) calls.shift();
  };
  toolkit.on('tool_call_success', (event) => add(event, event.result.isError === true ? 'error' : 'ok'));
  toolkit.on('tool_call_error', (event) => add(event, event.error.code));
  return calls;
};
