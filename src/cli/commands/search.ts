/** `toolway search`: the tools that fit a few words, best first. */
import { ToolwayError } from '../../errors.ts';
import type { Run } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { countOf } from '../numbers.ts';
import { toolRow } from '../rows.ts';
import { askServers, noteFailures, ownFields } from '../servers.ts';

const LIMIT = 20;

export const run: Run = async ({ args, options, output, context, open }) => {
  const { signal } = context;
  const limit = countOf(options, 'limit', LIMIT);
  const query = args.join(' ');
  if (query.trim() === '') throw new ToolwayError('invalid_arguments', 'search for what?', { executed: 'no' });
  const session = await open();
  const answers = await askServers(session, signal, (toolkit, server) => toolkit.listTools({ server, signal }));
  await noteFailures(answers, output);
  const tools = await session.toolkit.searchTools(query, { limit, signal });
  if (output.json) await output.document({ query, tools: tools.map(ownFields) });
  else for (const tool of tools) await output.print(toolRow(tool, output));
  if (tools.length === 0 && !output.json) await output.note('No tool fits these words.');
  return EXIT.done;
};
