/** Finds the tools of one server that changed, and says so once for each definition. */
import type { ToolkitEvents } from '../events.ts';
import { type Drift, findDrift, mustBe, type Sighting } from './drift.ts';
import type { FirstSeen } from './first-seen.ts';

/** What `tool_drift` says, but for whose tool it is. */
export type DriftNews = Omit<ToolkitEvents['tool_drift'], 'server' | 'scope'>;

export interface DriftWatch {
  /** The drifts by tool. `tell` gives the news of those that were not told before. */
  compare(sightings: readonly Sighting[]): Promise<{ drifts: Map<string, Drift>; tell(): void }>;
  /** Rejects with `tool_changed` where a definition, as JSON text, is not the one of this hash. */
  mustBe(tool: string, text: string, hash: string): Promise<void>;
}

export interface DriftWatchOptions {
  server: string;
  blocks: boolean;
  firstSeen: FirstSeen;
  onDrift(news: DriftNews): void;
}

/** Definitions whose news are remembered; beyond these the news may come again. */
const MAX_TOLD = 4_096;

export const createDriftWatch = ({ server, blocks, firstSeen, onDrift }: DriftWatchOptions): DriftWatch => {
  const told = new Map<string, string>();

  return {
    mustBe: (tool, text, hash) => mustBe(tool, server, text, hash),
    async compare(sightings) {
      const drifts = new Map<string, Drift>();
      const news: DriftNews[] = [];
      for (const sighting of sightings) {
        const { tool, first, text } = sighting;
        const found = await findDrift(sighting, { server, blocks });
        if (found === undefined) {
          // The same in another order: the next look finds it equal at once.
          firstSeen.set(tool, text);
          continue;
        }
        const { drift, ...hashes } = found;
        drifts.set(tool, drift);
        if (told.get(tool) === text) continue;
        if (told.size >= MAX_TOLD) told.clear();
        told.set(tool, text);
        // Without room to remember any definition, nothing is known to have changed.
        if (first !== undefined) news.push({ tool, blocked: blocks, diff: [...drift.changes], ...hashes });
      }
      return { drifts, tell: () => news.forEach(onDrift) };
    },
  };
};
