/** How long tool calls took, in the buckets that Prometheus adds up across gateways. */
import type { Toolkit } from '../../api.ts';

/** Upper bounds in seconds, as the clients of OpenTelemetry and Prometheus have them for requests. */
export const BOUNDS_S: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** The calls of one tool that have settled and of which something was sent. */
export interface Durations {
  readonly server: string;
  readonly tool: string;
  /** Not cumulative; the last one holds what is beyond all bounds. */
  readonly buckets: Float64Array;
  sumS: number;
}

/** Tools that are counted apart; the calls of further ones are counted under the tool `other`. */
const MAX_TOOLS = 2_000;

/** Listens from now on. `all` gives what has been counted; `stop` ends it. */
export const countDurations = (toolkit: Toolkit): { all(): Iterable<Durations>; stop(): void } => {
  const servers = new Map<string, Map<string, Durations>>();
  let tools = 0;

  const of = (server: string, tool: string): Durations => {
    const known = servers.get(server) ?? new Map<string, Durations>();
    servers.set(server, known);
    const found = known.get(tool);
    if (found !== undefined) return found;
    if (tools >= MAX_TOOLS && tool !== 'other') return of(server, 'other');
    tools += 1;
    const made = { server, tool, buckets: new Float64Array(BOUNDS_S.length + 1), sumS: 0 };
    known.set(tool, made);
    return made;
  };
  const count = (server: string, tool: string, durationMs: number): void => {
    const durations = of(server, tool);
    const seconds = durationMs / 1_000;
    const at = BOUNDS_S.findIndex((bound) => seconds <= bound);
    const bucket = at === -1 ? BOUNDS_S.length : at;
    durations.buckets[bucket] = (durations.buckets[bucket] ?? 0) + 1;
    durations.sumS += seconds;
  };

  const offs = [
    toolkit.on('tool_call_success', ({ server, tool = '', durationMs }) => count(server, tool, durationMs)),
    toolkit.on('tool_call_error', ({ server, tool = '', durationMs, error }) => {
      if (error.executed !== 'no') count(server, tool, durationMs);
    }),
  ];
  return {
    *all() {
      for (const known of servers.values()) yield* known.values();
    },
    stop() {
      for (const off of offs) off();
    },
  };
};
