/** `toolway prompts`: the prompts of all servers. */
import type { Run } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { promptRow } from '../rows.ts';
import { askServers, noteFailures, openServers, ownFields } from '../servers.ts';

export const run: Run = async (job) => {
  const { output, context } = job;
  const { signal } = context;
  const answers = await askServers(await openServers(job), signal, (toolkit, server) =>
    toolkit.listPrompts({ server, signal }),
  );
  await noteFailures(answers, output);
  const prompts = answers.flatMap(({ value = [] }) => value);
  if (output.json) await output.document({ prompts: prompts.map(ownFields) });
  else for (const prompt of prompts) await output.print(promptRow(prompt, output));
  return EXIT.done;
};
