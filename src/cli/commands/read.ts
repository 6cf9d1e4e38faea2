/** `toolway read`: the contents of one resource. */
import type { Run } from '../command.ts';
import { printContents } from '../content.ts';
import { EXIT } from '../exit-codes.ts';
import { createSave } from '../save.ts';
import { untilAborted } from '../until.ts';
import { refuseRawOnTerminal } from './call.ts';

export const run: Run = async (job) => {
  const { args, options, output, context, open } = job;
  refuseRawOnTerminal(job);
  const { signal, stdout, cwd } = context;
  const [uri = ''] = args;
  const { toolkit, servers } = await open();
  const [only, ...others] = servers;
  const server = others.length === 0 ? only : undefined;
  const startedAt = performance.now();
  const result = await untilAborted(
    toolkit.readResource(uri, { signal, ...(server !== undefined && { server }) }),
    signal,
  );
  if (output.json) {
    await output.document({ uri, result, durationMs: performance.now() - startedAt });
    return EXIT.done;
  }
  const folder = options.value('save');
  const save = folder === undefined ? undefined : createSave(folder, cwd);
  await printContents(result.contents, { output, stdout, raw: options.flag('raw'), save, name: 'resource' });
  return EXIT.done;
};
