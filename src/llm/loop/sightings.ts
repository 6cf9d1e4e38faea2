/** What servers say of their tools later than at first: nobody has looked at it, and the model reads it. */
import type { ListedTool } from '../../api.ts';
import type { TaintSource } from '../../permission.ts';
import { definitionText } from '../../policy/definition.ts';
import { hash8 } from '../conversion/hash.ts';

/** What was shown, by server: hashes of definitions. */
export type Seen = Record<string, readonly string[]>;

export interface Sightings {
  /** The definitions that are new, or others than before, of servers that had shown theirs already. */
  news(listed: readonly ListedTool[]): TaintSource[];
  /** The same of tools that are no whole list: what is the first of its server is left to the next one. */
  glimpses(tools: readonly ListedTool[]): TaintSource[];
  toJSON(): Seen;
}

/** `salt` is a text that no server knows: without it, one could look for a definition with the hash of another one. */
export const createSightings = (salt: string, seen: Seen = {}): Sightings => {
  const known = new Map(Object.entries(seen).map(([server, hashes]) => [server, new Set(hashes)] as const));
  const sightings: Sightings = {
    news(listed) {
      const before = new Set(known.keys());
      return listed.flatMap((tool): TaintSource[] => {
        const { server, name } = tool;
        const own = known.get(server) ?? new Set<string>();
        known.set(server, own);
        const hash = hash8(`${salt} ${definitionText(tool)}`);
        if (own.has(hash)) return [];
        own.add(hash);
        return before.has(server) ? [{ kind: 'definition', server, name }] : [];
      });
    },
    glimpses: (tools) => sightings.news(tools.filter(({ server }) => known.has(server))),
    toJSON: () => Object.fromEntries([...known].map(([server, hashes]) => [server, [...hashes]])),
  };
  return sightings;
};
