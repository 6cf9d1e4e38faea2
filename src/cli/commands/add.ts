/** `toolway add`: a server is put into a configuration file, and nothing else of it changes. */
import { serverAlias } from '../../config/alias.ts';
import { transport as readTransport } from '../../config/fields.ts';
import { isServerName } from '../../config/names.ts';
import { ToolwayError } from '../../errors.ts';
import type { ServerConfig } from '../../options.ts';
import type { Run } from '../command.ts';
import { addServer } from '../edit/edit-text.ts';
import { entryFor } from '../edit/entry-for.ts';
import { carryOut, diffLines, editOptions, noteSecrets, refuseUnusable, targetFile, workOut } from '../edit/target.ts';
import { EXIT } from '../exit-codes.ts';
import type { Options } from '../options.ts';
import { safeLine } from '../safe-text.ts';
import { withoutSecrets } from '../trust/describe.ts';
import { splitWords } from '../words.ts';

const usage = (message: string): ToolwayError => new ToolwayError('invalid_arguments', message, { executed: 'no' });

export const run: Run = async ({ args, options, output, context }) => {
  const [name = '', ...words] = args;
  if (!isServerName(name)) {
    throw usage(
      `${JSON.stringify(name)} cannot be the name of a server; ${JSON.stringify(await serverAlias(name))} can`,
    );
  }
  const server = serverOf(words, options);
  const target = await targetFile(options.value('file'), context);
  const { entry } = entryFor(server, editOptions(target).dialect);
  const replace = options.flag('force');
  const edit = await workOut(target, (text, how) => addServer(text, { name, entry, replace }, how)).catch((error) => {
    throw error instanceof ToolwayError && /already$/.test(error.message) ? hinted(error) : error;
  });
  await refuseUnusable(edit, target, [name]);
  const isTrial = options.flag('dry-run');
  if (!isTrial) await carryOut(edit, target, [name], context);
  await noteSecrets(name, server, output);
  if (output.json)
    await output.document({ file: target.path, name, server: withoutSecrets(server), written: !isTrial });
  else if (isTrial) await output.print(diffLines(edit, output).join('\n'));
  else await output.note(safeLine(`toolway: ${name} is in ${target.shown}`));
  return EXIT.done;
};

const hinted = (error: ToolwayError): ToolwayError =>
  new ToolwayError('invalid_config', `${error.message}; --force puts this one in its place`, { executed: 'no' });

/** What the line says of the server. References stay references: they are meant for the file. */
const serverOf = (words: readonly string[], options: Options): ServerConfig => {
  const url = options.value('url');
  const line = options.value('stdio');
  const program = options.value('server-command');
  const ways = [words.length > 0, url !== undefined, line !== undefined, program !== undefined].filter(Boolean);
  if (ways.length !== 1)
    throw usage('a server is given by one of --url URL, --stdio "COMMAND ARGS", or -- COMMAND ARGS');
  if (url !== undefined) return remote(url, options);
  if (options.flag('header') || options.flag('transport')) throw usage('--header and --transport need --url');
  const [command = '', ...args] =
    line !== undefined ? splitWords(line) : program !== undefined ? [program, ...options.values('server-args')] : words;
  if (command === '') throw usage('--stdio needs a command');
  const env = options.values('env').map((given): [string, string] => {
    const [name = '', ...value] = given.split('=');
    if (name === '') throw usage(`--env ${JSON.stringify(given)} names no variable`);
    return [name, value.length === 0 ? `\${${name}}` : value.join('=')];
  });
  return { command, ...(args.length > 0 && { args }), ...(env.length > 0 && { env: Object.fromEntries(env) }) };
};

const remote = (url: string, options: Options): ServerConfig => {
  if (options.flag('env')) throw usage('--env needs a command');
  const kind = options.value('transport');
  const read = kind === undefined ? undefined : readTransport(kind);
  if (read !== undefined && (!read.ok || read.value === 'stdio')) {
    throw usage(`--transport must be http, sse or ws, not ${JSON.stringify(kind)}`);
  }
  const headers = options.values('header').map((given): [string, string] => {
    const at = given.indexOf(':');
    if (at < 1) throw usage(`--header ${JSON.stringify(given)} is not name:value`);
    return [given.slice(0, at).trim(), given.slice(at + 1).trim()];
  });
  return {
    url,
    ...(read?.ok && { transport: read.value }),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
  };
};
