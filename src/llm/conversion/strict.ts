/** What strict schemas cost a provider that compiles all of a request together. */
import { isObject } from '../../schema/document.ts';
import type { StrictBudget } from '../profiles/profile.ts';

/** Takes a schema off the budget; names what does not suffice, and then takes nothing. */
export const spendStrict = (schema: unknown, budget: StrictBudget): string | undefined => {
  const cost: StrictBudget = { tools: 1, optional: 0, unions: 0 };
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) for (const child of node) walk(child);
    if (!isObject(node)) return;
    if (Array.isArray(node.anyOf) || Array.isArray(node.type)) cost.unions += 1;
    const properties = isObject(node.properties) ? node.properties : {};
    const required = Array.isArray(node.required) ? node.required : [];
    for (const key of Object.keys(properties)) if (!required.includes(key)) cost.optional += 1;
    for (const [keyword, child] of Object.entries(node)) {
      if (keyword === 'properties' || keyword === '$defs') walk(Object.values(isObject(child) ? child : {}));
      else if (keyword !== 'enum' && keyword !== 'const' && keyword !== 'default') walk(child);
    }
  };
  walk(schema);
  const keys = ['tools', 'optional', 'unions'] as const;
  const over = keys.find((key) => cost[key] > budget[key]);
  if (over === undefined) for (const key of keys) budget[key] -= cost[key];
  return over;
};
