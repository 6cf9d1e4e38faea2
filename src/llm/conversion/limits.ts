/** Limits of a whole schema that no rewriting can keep. */
import { isObject } from '../../schema/document.ts';
import type { Profile } from '../profiles/profile.ts';

/** The limit that a rewritten schema breaks. */
export const overLimit = (schema: unknown, { limits }: Profile): string | undefined => {
  if (limits === undefined) return undefined;
  const total = { properties: 0, enumValues: 0, chars: 0, depth: 0 };
  const walk = (node: unknown, level: number): void => {
    if (Array.isArray(node)) for (const child of node) walk(child, level);
    if (!isObject(node)) return;
    for (const [keyword, value] of Object.entries(node)) {
      if (keyword === 'properties' || keyword === '$defs') {
        if (!isObject(value)) continue;
        const deeper = keyword === 'properties' ? level + 1 : 0;
        total.depth = Math.max(total.depth, deeper);
        for (const [key, child] of Object.entries(value)) {
          total.chars += key.length;
          if (keyword === 'properties') total.properties += 1;
          walk(child, deeper);
        }
      } else if (keyword === 'enum' && Array.isArray(value)) {
        total.enumValues += value.length;
        for (const item of value) total.chars += typeof item === 'string' ? item.length : 0;
      } else if (keyword === 'const') total.chars += typeof value === 'string' ? value.length : 0;
      else if (keyword !== 'default' && keyword !== 'examples') walk(value, level);
    }
  };
  walk(schema, 0);
  const names = ['properties', 'depth', 'enumValues', 'chars'] as const;
  return names.find((name) => total[name] > (limits[name] ?? Number.POSITIVE_INFINITY));
};
