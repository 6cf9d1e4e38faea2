/** `toolway tools`: the tools of all servers. */
import type { Run } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { toolRow } from '../rows.ts';
import { askServers, noteFailures, openServers, ownFields } from '../servers.ts';

export const run: Run = async (job) => {
  const { output, context } = job;
  const { signal } = context;
  const answers = await askServers(await openServers(job), signal, (toolkit, server) =>
    toolkit.listTools({ server, signal }),
  );
  await noteFailures(answers, output);
  const tools = answers.flatMap(({ value = [] }) => value);
  if (output.json) await output.document({ tools: tools.map(ownFields) });
  else for (const tool of tools) await output.print(toolRow(tool, output));
  return EXIT.done;
};
