/** What servers say of their tools later than at first: nobody has looked at it, and the model reads it. */
import type { ListedTool } from '../../api.ts';
import type { TaintSource } from '../../permission.ts';
import { definitionText } from '../../policy/definition.ts';

export interface Sightings {
  /** The definitions that are new, or others than before, of servers that had shown theirs already. */
  news(listed: readonly ListedTool[]): TaintSource[];
}

export const createSightings = (): Sightings => {
  const known = new Map<string, Map<string, string>>();
  return {
    news(listed) {
      const before = new Set(known.keys());
      return listed.flatMap((tool): TaintSource[] => {
        const { server, name } = tool;
        const own = known.get(server) ?? new Map<string, string>();
        known.set(server, own);
        const text = definitionText(tool);
        const isNew = own.get(name) !== text;
        own.set(name, text);
        return isNew && before.has(server) ? [{ kind: 'definition', server, name }] : [];
      });
    },
  };
};
