/** What a turn, or a conversation, took: calls, time, tokens, money. */
import type { Usage } from '../../llm/model.ts';

export interface Spent {
  toolCalls: number;
  durationMs?: number;
  usage: Usage;
  /** In US dollars; absent where it is not known. */
  costUsd?: number;
}

/** `740`, `5.2 k`, `1.3 M`. */
const tokenCount = (tokens: number): string => {
  if (tokens < 1_000) return String(tokens);
  const [value, unit] = tokens < 999_950 ? [tokens / 1_000, 'k'] : [tokens / 1_000_000, 'M'];
  return `${value.toFixed(1)} ${unit}`;
};

/** Small amounts keep two digits that say something. */
const moneyName = (usd: number): string => (usd >= 0.1 ? `$${usd.toFixed(2)}` : `$${Number(usd.toPrecision(2))}`);

/** `120 ms`, `4.1 s`, `2:05 min`. */
export const timeName = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
};

/** `3 calls · 4.1 s · 5.2 k in (4.0 k cached) · 310 out · $0.004`; what is unknown is left out. */
export const summaryOf = ({ toolCalls, durationMs, usage, costUsd }: Spent): string => {
  const { input, cacheRead = 0, cacheWrite = 0, output } = usage;
  const read = (input ?? 0) + cacheRead + cacheWrite;
  const cached = cacheRead > 0 ? ` (${tokenCount(cacheRead)} cached)` : '';
  const parts = [
    toolCalls === 0 ? undefined : `${toolCalls} ${toolCalls === 1 ? 'call' : 'calls'}`,
    durationMs === undefined ? undefined : timeName(durationMs),
    read === 0 ? undefined : `${tokenCount(read)} in${cached}`,
    output === undefined || output === 0 ? undefined : `${tokenCount(output)} out`,
    costUsd === undefined || costUsd === 0 ? undefined : moneyName(costUsd),
  ];
  return parts.filter((part) => part !== undefined).join(' · ');
};
