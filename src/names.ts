/**
 * Names of tools across servers. `server.tool` splits at the first dot and `server__tool` at the first `__`; since a
 * server's name holds neither and does not end in `_`, both are injective whatever the tool is called.
 */

export const qualify = (server: string, tool: string): string => `${server}.${tool}`;

/** Splits a qualified name; undefined when its first part is no server that `isServer` knows. */
export const splitName = (
  name: string,
  isServer: (server: string) => boolean,
): { server: string; tool: string } | undefined => {
  for (const separator of ['.', '__']) {
    const at = name.indexOf(separator);
    if (at <= 0) continue;
    const server = name.slice(0, at);
    const tool = name.slice(at + separator.length);
    if (tool !== '' && isServer(server)) return { server, tool };
  }
  return undefined;
};

/** Matches a tool's name against a pattern in which `*` stands for any run of characters. */
export const matchesPattern = (pattern: string, name: string): boolean => {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === name;
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
};

/** Names that are remembered: they come from callers. */
const MAX_REMEMBERED = 4_096;

/** Whether a tool is named by one of the patterns. Each name is looked at once. */
export const namedBy = (patterns: readonly string[] = []): ((tool: string) => boolean) => {
  if (patterns.length === 0) return () => false;
  const known = new Map<string, boolean>();
  return (tool) => {
    const before = known.get(tool);
    if (before !== undefined) return before;
    if (known.size >= MAX_REMEMBERED) known.clear();
    const named = patterns.some((pattern) => matchesPattern(pattern, tool));
    known.set(tool, named);
    return named;
  };
};
