/** Which tool a caller means by a name. */
import { ToolwayError } from '../../errors.ts';
import { splitName } from '../../names.ts';
import type { GatewayContext } from '../context.ts';
import type { Target } from '../dispatch.ts';
import type { Caller } from '../principal.ts';

/**
 * The tool that `server.tool`, `server__tool` or a bare name means among those that the caller sees. A bare name of
 * several tools leads to one only where the toolkit takes it for one, within a group. Rejects with `unknown_tool` or
 * `ambiguous_tool`.
 */
export const targetOf = async (
  { dispatch, toolkit }: Pick<GatewayContext, 'dispatch' | 'toolkit'>,
  caller: Caller,
  name: string,
): Promise<Target> => {
  const servers = new Set(dispatch.servers(caller));
  const split = splitName(name, (server) => servers.has(server));
  if (split !== undefined) return { server: split.server, name: split.tool };
  const matches = (await dispatch.tools(caller)).filter((tool) => tool.name === name);
  const [first, ...others] = matches;
  if (first === undefined)
    throw new ToolwayError('unknown_tool', `there is no tool ${JSON.stringify(name)}`, { executed: 'no' });
  if (others.length === 0) return { server: first.server, name };
  const chosen = await toolkit.tool(name).catch(() => undefined);
  const match = matches.find(({ qualifiedName }) => qualifiedName === chosen?.definition.qualifiedName);
  if (match !== undefined) return { server: match.server, name };
  const names = matches.map(({ qualifiedName }) => qualifiedName);
  const reason = `${JSON.stringify(name)} could be ${names.slice(0, 10).join(', ')}`;
  throw new ToolwayError('ambiguous_tool', reason, { executed: 'no', matches: names });
};
