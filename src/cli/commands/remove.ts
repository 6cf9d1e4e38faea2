/** `toolway remove`: a server is taken out of the file that it stands in. */
import { serverAlias } from '../../config/alias.ts';
import { isServerName } from '../../config/names.ts';
import { nearest } from '../../config/nearest.ts';
import { ToolwayError } from '../../errors.ts';
import type { Job, Run } from '../command.ts';
import { namesIn, removeServer } from '../edit/edit-text.ts';
import { carryOut, diffLines, editOptions, knownFiles, type Target, targetFile, workOut } from '../edit/target.ts';
import { readForEdit } from '../edit/write-through.ts';
import { EXIT } from '../exit-codes.ts';
import { safeLine } from '../safe-text.ts';

export const run: Run = async (job) => {
  const { args, options, output, context } = job;
  const { target, name } = await find(args[0] ?? '', job);
  const edit = await workOut(target, (text, how) => removeServer(text, name, how));
  const isTrial = options.flag('dry-run');
  if (!isTrial) await carryOut(edit, target, [], context);
  if (output.json) await output.document({ file: target.path, name, written: !isTrial });
  else if (isTrial) await output.print(diffLines(edit, output).join('\n'));
  else await output.note(safeLine(`toolway: ${name} is no longer in ${target.shown}`));
  return EXIT.done;
};

/** The one file that has the server, and its name there; an alias is as good as a name. */
const find = async (given: string, { options, context }: Job): Promise<{ target: Target; name: string }> => {
  const named = [...options.values('file'), ...options.values('config')];
  const files =
    named.length > 0 ? await Promise.all(named.map((file) => targetFile(file, context))) : await knownFiles(context);
  const holders: { target: Target; name: string }[] = [];
  const known: string[] = [];
  for (const target of files) {
    for (const name of await namesIn(await readForEdit(target.path), editOptions(target))) {
      known.push(name);
      if (name === given || (!isServerName(name) && (await serverAlias(name)) === given))
        holders.push({ target, name });
    }
  }
  const [holder, ...others] = holders;
  if (holder === undefined) {
    const where =
      files.length === 0
        ? '; there is no configuration file here'
        : ` in ${files.map((file) => file.shown).join(', ')}`;
    const matches = nearest(given, new Set(known));
    throw new ToolwayError('unknown_server', `there is no server ${JSON.stringify(given)}${where}`, {
      executed: 'no',
      matches,
    });
  }
  if (others.length === 0) return holder;
  const all = holders.map(({ target }) => target.shown);
  throw new ToolwayError(
    'invalid_arguments',
    `${JSON.stringify(given)} is in ${all.join(' and ')}; --file says which one is meant`,
    { executed: 'no', matches: all },
  );
};
