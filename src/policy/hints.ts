/** What a tool says of itself, as far as it is believed. */
import type { ToolHints } from '../permission.ts';
import type { Tool } from '../protocol/types.ts';

/** What is assumed of a tool that says nothing (2025-11-25 `ToolAnnotations`), which is the worst of each. */
const WORST: Required<ToolHints> = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: false,
  openWorldHint: true,
};
const NAMES = Object.keys(WORST) as (keyof ToolHints)[];

/** Without `trusted`, nothing that a tool says makes it look more harmless than a tool that says nothing. */
export const hintsOf = (tool: Tool | undefined, trusted: boolean): Required<ToolHints> => {
  const said: unknown = tool?.annotations;
  if (!trusted || typeof said !== 'object' || said === null) return { ...WORST };
  const believed = { ...WORST };
  for (const name of NAMES) {
    const value: unknown = Object.hasOwn(said, name) ? (said as ToolHints)[name] : undefined;
    if (typeof value === 'boolean') believed[name] = value;
    // What only reads destroys nothing, unless it says that it does.
    else if (name === 'destructiveHint' && believed.readOnlyHint) believed[name] = false;
  }
  return believed;
};
