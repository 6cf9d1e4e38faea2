/** Holds the tools of one server to the definitions that were first seen of them. What goes on when one has changed is loaded then. */
import type { ToolwayError } from '../errors.ts';
import { definitionText } from '../policy/definition.ts';
import type { Drift, Sighting } from '../policy/drift.ts';
import type { DriftWatch, DriftWatchOptions } from '../policy/drift-watch.ts';
import type { Tool } from '../protocol/types.ts';

/** What a look at a list came to: which tools changed, and the means to tell of it. */
export interface Seen {
  readonly drifts: ReadonlyMap<string, Drift>;
  tell(): void;
}

export interface Pins {
  /** Calls of changed tools are refused. */
  readonly blocks: boolean;
  /** Looks at a list, each tool once; a tool that was never seen is held to what it is now. */
  see(tools: Iterable<Tool>): Promise<Seen | undefined>;
  /** Rejects with `tool_changed` where a tool's definition is not the one of this hash, as `tool_drift` tells it. */
  mustBe(tool: Tool, hash: string): Promise<void>;
  /** Holds a tool to another definition from now on. */
  accept(tool: Tool): Promise<void>;
}

export const createPins = (options: DriftWatchOptions): Pins => {
  const { firstSeen, blocks } = options;
  let watch: DriftWatch | undefined;

  const load = async (): Promise<DriftWatch> => {
    watch ??= (await import('../policy/drift-watch.ts')).createDriftWatch(options);
    return watch;
  };
  const compare = async (strange: readonly Sighting[]): Promise<Seen> => {
    try {
      return await (await load()).compare(strange);
    } catch (cause) {
      // What cannot be compared may well have changed.
      const drift = { blocks, changes: [], error: () => cause as ToolwayError };
      return { drifts: new Map(strange.map(({ tool }) => [tool, drift])), tell() {} };
    }
  };

  return {
    blocks,
    async see(tools) {
      await firstSeen.ready;
      const strange: Sighting[] = [];
      for (const tool of tools) {
        const text = definitionText(tool);
        const first = firstSeen.get(tool.name);
        if (first === text) continue;
        if (first === undefined && !firstSeen.full) firstSeen.set(tool.name, text);
        else strange.push({ tool: tool.name, first, text });
      }
      return strange.length === 0 ? undefined : compare(strange);
    },
    mustBe: async (tool, hash) => (await load()).mustBe(tool.name, definitionText(tool), hash),
    async accept(tool) {
      firstSeen.set(tool.name, definitionText(tool));
      await firstSeen.saved?.();
    },
  };
};
