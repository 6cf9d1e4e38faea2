/** `toolkit.acceptTool`: a tool that changed may be called again. */
import type { Clock } from './clock.ts';
import { ToolwayError } from './errors.ts';
import type { Finder } from './finder.ts';

export const acceptTool = async (name: string, finder: Finder, clock: Clock): Promise<void> => {
  const startedAt = clock.now();
  const { server, tool } = finder.atOnce(name) ?? (await finder.route(name, {}, startedAt));
  if (server.catalog.tool(tool) === undefined)
    await finder.waitFor(server.connection().firstOutcome(), {}, startedAt, server);
  const entry = server.catalog.tool(tool);
  if (entry === undefined)
    throw new ToolwayError('unknown_tool', 'there is no such tool', { server: server.name, tool, executed: 'no' });
  await server.catalog.accept(entry);
};
