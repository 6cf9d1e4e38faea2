/** Whose answers may serve several calls: what the operator says of tools, and the requests that change nothing. */
import type { Call } from '../call.ts';
import { namedBy } from '../names.ts';
import type { ServerConfig } from '../options.ts';

/** What one server's configuration lets its calls share. Asked for each call. */
export interface Sharing {
  /** Whether a kept answer will do for the call, and its answer may be kept. */
  keeps(call: Call): boolean;
  /** Whether the call may be one with an equal call in flight. */
  merges(call: Call): boolean;
  /** How long the answer of a tool is kept. */
  readonly ttlMs: number;
}

/** Requests that change nothing at the server. Lists are read by the catalogue, which shares them by itself. */
const READING: ReadonlySet<string> = new Set(['resources/read', 'prompts/get', 'completion/complete']);
const DEFAULT_TTL_MS = 60_000;

export const createSharing = ({ cache, retrySafe }: Pick<ServerConfig, 'cache' | 'retrySafe'>): Sharing => {
  const isKept = namedBy(cache?.tools);
  const isMerged = namedBy([...(cache?.tools ?? []), ...(retrySafe ?? [])]);
  const of =
    (named: (tool: string) => boolean) =>
    ({ cache: wanted, method, params }: Call): boolean =>
      wanted !== false && (method === 'tools/call' ? named(params.name as string) : READING.has(method));
  return { keeps: of(isKept), merges: of(isMerged), ttlMs: cache?.ttlMs ?? DEFAULT_TTL_MS };
};
