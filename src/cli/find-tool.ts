/** The one tool that a name on the line means. */
import type { ListedTool } from '../api.ts';
import { nearest } from '../config/nearest.ts';
import { ToolwayError } from '../errors.ts';
import type { Session } from './command.ts';
import { askServers, noneConnected } from './servers.ts';
import { requireServer } from './session.ts';

/** Whether a tool has this name, qualified or bare. */
export const isNamed = (tool: ListedTool, name: string): boolean =>
  tool.qualifiedName === name || `${tool.server}__${tool.name}` === name || tool.name === name;

/**
 * Finds a tool by its exact name, qualified or bare: part of a name is good enough to look at a tool, not to run it.
 * Where some tool is named `whole`, that is the name: `wanted` was read out of it. Throws `unknown_tool`, `unknown_server`, `ambiguous_tool`, or why no server is there.
 */
export const findTool = async (
  session: Session,
  wanted: string,
  signal: AbortSignal,
  whole = wanted,
): Promise<ListedTool> => {
  const answers = await askServers(session, signal, (toolkit, server) => toolkit.listTools({ server, signal }));
  const tools = answers.flatMap(({ value = [] }) => value);
  const name = tools.some((tool) => isNamed(tool, whole)) ? whole : wanted;
  const qualified = tools.find((tool) => tool.qualifiedName === name || `${tool.server}__${tool.name}` === name);
  if (qualified !== undefined) return qualified;

  const bare = tools.filter((tool) => tool.name === name);
  const [only] = bare;
  const groups = new Set(bare.map(({ server }) => session.config.mcpServers[server]?.group));
  if (only !== undefined && (bare.length === 1 || (groups.size === 1 && !groups.has(undefined)))) return only;
  const names = bare.map(({ qualifiedName }) => qualifiedName);
  if (only !== undefined) {
    const reason = `${name} could be ${names.join(' or ')}`;
    throw new ToolwayError('ambiguous_tool', reason, { executed: 'no', matches: names });
  }

  const failed = answers.filter(({ error }) => error !== undefined);
  const [first] = failed;
  if (first?.error !== undefined && (noneConnected(answers) || answers.length === 1)) throw first.error;
  const known = tools.flatMap((tool) => [tool.qualifiedName, tool.name]);
  const missing = failed.length === 0 ? '' : ` (not connected: ${failed.map((answer) => answer.name).join(', ')})`;
  const matches = nearest(name, known);
  const [, server] = /^(.+?)(?:\.|__)./.exec(name) ?? [];
  // A bare name may have a dot as well.
  const isBare = matches.some((match) => /\.|__/.test(match) && tools.some((tool) => tool.name === match));
  if (server !== undefined && !isBare) requireServer(server, Object.keys(session.config.mcpServers), matches);
  throw new ToolwayError('unknown_tool', `there is no tool ${JSON.stringify(name)}${missing}`, {
    executed: 'no',
    matches,
  });
};
