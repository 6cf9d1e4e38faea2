/** `toolway trust`: what was found is shown and agreed to, and so is what has changed of a server's tools. */
import { dirname } from 'node:path';
import { ToolwayError } from '../../errors.ts';
import type { LoadedConfig } from '../../node/config-files.ts';
import type { FoundDefinition } from '../../node/found-files.ts';
import { stateFolder } from '../../node/state-folder.ts';
import { type Agreement, changeAgreements, readAgreements, trustFile } from '../../node/trust-file.ts';
import type { Job, Run } from '../command.ts';
import { EXIT, EXIT_CODES } from '../exit-codes.ts';
import { ADHOC, requireServer } from '../session.ts';
import { askToTrust, linesOf } from '../trust/admit.ts';
import { withoutSecrets } from '../trust/describe.ts';
import { quote } from '../trust/quote.ts';

export const run: Run = async (job) => {
  const { args, options, output, context } = job;
  const path = trustFile(stateFolder(context));
  const agreements = await readAgreements(path);
  if (options.flag('list')) return list(agreements, job);
  const isAdhoc = (['stdio', 'url', 'server-command'] as const).some((option) => options.flag(option));
  if (isAdhoc) return (await import('../trust/tool-changes.ts')).acceptChanges(ADHOC, job);
  const { loadConfig } = await import('../../node/config-files.ts');
  const { env, cwd } = context;
  const config = await loadConfig({ env, cwd, files: options.values('config') });
  const name = nameOf(args[0] ?? options.value('server'), config, options.flag('revoke') ? agreements.values() : []);
  const isMeant = (one: { name: string }): boolean => name === undefined || one.name === name;
  if (options.flag('revoke')) return revoke(path, (one) => isMeant(one) && dirname(one.file) === cwd, job);

  const wanted = config.found.filter((one) => isMeant(one) && !one.trusted);
  if (wanted.length > 0) return agree(wanted, job);
  const isServer = name !== undefined && Object.hasOwn(config.mcpServers, name);
  if (isServer) return (await import('../trust/tool-changes.ts')).acceptChanges(name, job);
  if (output.json) await output.document({ trust: config.found.filter(isMeant).map((one) => documentOf(one, [])) });
  else await output.note('toolway: nothing that was found here waits for your word');
  return EXIT.done;
};

/** The name that a server has now, for any that it has in its file. */
const nameOf = (
  given: string | undefined,
  { aliases, found, mcpServers }: LoadedConfig,
  agreements: Iterable<Agreement>,
): string | undefined => {
  if (given === undefined) return undefined;
  const known = [...Object.keys(mcpServers), ...[...found, ...agreements].map(({ name }) => name)];
  const name = Object.keys(aliases).find((alias) => aliases[alias] === given) ?? given;
  requireServer(name, known);
  return name;
};

const agree = async (
  wanted: readonly FoundDefinition[],
  { screen, output, context, options }: Job,
): Promise<number> => {
  const yes = options.flag('yes');
  if (!yes && !screen.interactive) {
    for (const found of wanted) await output.complain(linesOf(found, output).join('\n'));
    const [first, ...more] = wanted;
    throw new ToolwayError(
      'denied',
      `there is no terminal to ask at; whoever has read the above may run "toolway trust ${more.length === 0 ? `${first?.name} ` : ''}--yes"`,
      { executed: 'no' },
    );
  }
  const agreed = await askToTrust(wanted, { screen, output, context, yes });
  if (output.json) await output.document({ trust: wanted.map((found) => documentOf(found, agreed)) });
  else for (const { name } of agreed) await output.note(output.remarks.green(`toolway: ${name} is trusted`));
  const refused = wanted.filter((found) => !agreed.includes(found));
  if (refused.length > 0) await output.note(`toolway: not trusted: ${refused.map(({ name }) => name).join(', ')}`);
  return refused.length > 0 ? EXIT_CODES.denied : EXIT.done;
};

const documentOf = (found: FoundDefinition, agreed: readonly FoundDefinition[]) => {
  const { name, file, hash, definition, trusted } = found;
  const shown = 'server' in definition ? { ...definition, server: withoutSecrets(definition.server) } : definition;
  return { name, file, hash, state: trusted || agreed.includes(found) ? 'trusted' : 'untrusted', definition: shown };
};

const list = async (agreements: ReadonlyMap<string, Agreement>, { output }: Job): Promise<number> => {
  const all = [...agreements].map(([hash, { name, file, at }]) => ({
    name,
    file,
    hash,
    at: new Date(at).toISOString(),
  }));
  if (output.json) await output.document({ trusted: all });
  else if (all.length === 0) await output.note('toolway: nothing was agreed to');
  for (const { name, file, at } of output.json ? [] : all) {
    await output.print(`${output.style.bold(quote(name).slice(1, -1))}  ${quote(file)}  ${output.style.dim(at)}`);
  }
  return EXIT.done;
};

const revoke = async (path: string, isMeant: (one: Agreement) => boolean, { output }: Job): Promise<number> => {
  const revoked: { name: string; file: string; hash: string }[] = [];
  await changeAgreements(path, (agreements) => {
    for (const [hash, one] of agreements) {
      if (!isMeant(one)) continue;
      agreements.delete(hash);
      revoked.push({ name: one.name, file: one.file, hash });
    }
  });
  if (output.json) await output.document({ revoked });
  else if (revoked.length === 0) await output.note('toolway: there was nothing to take back for this folder');
  else await output.note(`toolway: no longer trusted: ${[...new Set(revoked.map(({ name }) => name))].join(', ')}`);
  return EXIT.done;
};
