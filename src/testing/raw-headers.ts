/** Headers as they travelled: names and values in turn, in their order and spelling. */

/** Sets headers whatever their case, behind the others; `undefined` takes one out. */
export const withHeaders = (raw: readonly string[], changes: Record<string, string | undefined>): string[] => {
  const changed = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  const result: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? '';
    if (!changed.has(name.toLowerCase())) result.push(name, raw[at + 1] ?? '');
  }
  for (const [name, value] of Object.entries(changes)) if (value !== undefined) result.push(name, value);
  return result;
};

/** The target checks that it is meant, so it gets its own name, unless a test says another one. */
export const withHost = (raw: readonly string[], host: string): string[] => {
  const result = [...raw];
  const at = result.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  if (at >= 0) result[at + 1] = host;
  return result;
};
