/** A list of tools: whether it is still the same, and what each is called. */
import type { ListedTool } from '../../api.ts';

/** Whether two lists are of the same definitions: a definition that was read again is another object. */
export const isSame = (one: readonly ListedTool[], other: readonly ListedTool[]): boolean =>
  one.length === other.length &&
  one.every((tool, index) => {
    const { qualifiedName, inputSchema, description, title, trustedResults } = other[index] as ListedTool;
    return (
      tool.qualifiedName === qualifiedName &&
      tool.trustedResults === trustedResults &&
      tool.inputSchema === inputSchema &&
      tool.description === description &&
      tool.title === title
    );
  });

/** Full names by every name that leads to one tool: `server.tool`, `server__tool`, and a bare name that one server has. */
export const namesOf = (listed: readonly ListedTool[]): ((name: string) => string | undefined) => {
  const full = new Map<string, string>();
  const bare = new Map<string, string | undefined>();
  for (const { qualifiedName, server, name } of listed) {
    full.set(qualifiedName, qualifiedName);
    full.set(`${server}__${name}`, qualifiedName);
    bare.set(name, bare.has(name) ? undefined : qualifiedName);
  }
  return (name) => full.get(name) ?? bare.get(name);
};
