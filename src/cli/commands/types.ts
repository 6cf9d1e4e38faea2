/** `toolway types`: TypeScript types of the arguments and results of tools. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ToolwayError } from '../../errors.ts';
import type { Run } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { counted } from '../rows.ts';
import { askServers, noteFailures, openServers } from '../servers.ts';
import { typesModule } from '../types/module.ts';

export const run: Run = async (job) => {
  const { options, output, context } = job;
  const { signal, cwd } = context;
  const answers = await askServers(await openServers(job), signal, (toolkit, server) =>
    toolkit.listTools({ server, signal }),
  );
  await noteFailures(answers, output);
  const tools = answers.flatMap(({ value = [] }) => value);
  const types = typesModule(tools);
  const out = options.value('out');
  if (out !== undefined) {
    await writeFile(resolve(cwd, out), types).catch((error: unknown) => {
      const reason = `cannot write ${out}: ${(error as Error).message}`;
      throw new ToolwayError('invalid_arguments', reason, { executed: 'no', cause: error });
    });
    await output.note(`${out}: the types of ${counted(tools.length, 'tool')}`);
  }
  const names = tools.map(({ qualifiedName }) => qualifiedName);
  if (output.json) await output.document({ tools: names, ...(out === undefined ? { types } : { out }) });
  else if (out === undefined) await output.print(types);
  return EXIT.done;
};
