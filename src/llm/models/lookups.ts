/** What a provider looked up by itself while the model answered, where its API tells only that it did. */
import type { OpaquePart } from '../message.ts';

export interface Lookups {
  /** By the tool of the provider. */
  add(tool: string): void;
  /** One for each tool, as Anthropic names what came of it. They tell what the model has read, and go back to nobody. */
  parts(): OpaquePart[];
}

export const createLookups = (api: string, model: string): Lookups => {
  const tools = new Set<string>();
  return {
    add: (tool) => void tools.add(tool || 'unnamed'),
    parts: () =>
      [...tools].map((tool) => ({ type: 'opaque', raw: { api, model, value: { type: `${tool}_tool_result` } } })),
  };
};
