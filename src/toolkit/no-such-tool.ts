/** What callers are told of names that lead to no tool, or to several. */
import { nearest } from '../config/nearest.ts';
import { ToolwayError } from '../errors.ts';
import type { qualify } from '../names.ts';
import type { ManagedServer } from '../server/server.ts';

export interface UnknownToolOptions {
  /** How names are made: handed in, since it is loaded long before. */
  qualify: typeof qualify;
  /** The server of a qualified name, behind which the tool's stands. */
  server: string | undefined;
}

export const unknownTool = (
  tool: string,
  among: readonly ManagedServer[],
  { qualify, server }: UnknownToolOptions,
): ToolwayError => {
  const known = among.flatMap(({ name, catalog }) =>
    (catalog.known('tools')?.items ?? []).map((listed) => qualify(name, listed.name)),
  );
  const wanted = server === undefined ? tool : qualify(server, tool);
  const byBareName = known.filter((qualified) => qualified.endsWith(`.${tool}`));
  const matches = byBareName.length > 0 ? byBareName : nearest(wanted, known);
  const hint = matches.length === 0 ? '' : `; did you mean ${matches.join(', ')}?`;
  return new ToolwayError('unknown_tool', `there is no tool "${wanted}"${hint}`, {
    executed: 'no',
    matches,
    ...(server === undefined ? {} : { server, tool }),
  });
};

export const ambiguousTool = (
  name: string,
  routes: readonly { server: ManagedServer; tool: string }[],
  toName: typeof qualify,
): ToolwayError => {
  const matches = routes.map(({ server, tool }) => toName(server.name, tool));
  return new ToolwayError('ambiguous_tool', `"${name}" could be ${matches.slice(0, 10).join(', ')}`, {
    executed: 'no',
    matches,
  });
};
