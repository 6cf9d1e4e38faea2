/** `toolway import`: what other hosts are configured with is shown, and what is picked is taken over. */
import { homedir } from 'node:os';
import { basename, resolve } from 'node:path';
import { nearest } from '../../config/nearest.ts';
import { ToolwayError } from '../../errors.ts';
import { existing } from '../../node/config-files.ts';
import type { Job, Run } from '../command.ts';
import { addServer, namesIn } from '../edit/edit-text.ts';
import { entryFor } from '../edit/entry-for.ts';
import { carryOut, diffLines, editOptions, refuseUnusable, type Target, targetFile, workOut } from '../edit/target.ts';
import { readForEdit } from '../edit/write-through.ts';
import { EXIT } from '../exit-codes.ts';
import { HOSTS, type HostFile, type HostName, hostFiles } from '../import/host-files.ts';
import { type Offer, type OfferingFile, readOffers } from '../import/offers.ts';
import { safeLine } from '../safe-text.ts';
import { describeDefinition, screened } from '../trust/describe.ts';
import { quote, shown } from '../trust/quote.ts';
import { refuseInterrupt } from '../until.ts';

const usage = (message: string, matches: string[] = []): ToolwayError =>
  new ToolwayError('invalid_arguments', message, { executed: 'no', matches });

export const run: Run = async (job) => {
  const { options, output, context } = job;
  const target = await targetFile(options.value('to'), context);
  const present = await namesIn(await readForEdit(target.path), editOptions(target));
  const there = await existing(filesOf(job).map(({ path }) => path));
  const wanted = filesOf(job).filter(({ path }) => there.includes(path) && path !== target.path);
  const files = await Promise.all(wanted.map((file) => readOffers(file, context)));
  if (!output.json) await show(files, present, job);

  const { taken, skipped } = sorted(await picked(files, job), present, job);
  const edit = await workOut(target, async (text, how) => {
    let edited = text;
    for (const { name, server } of taken) {
      const { entry } = entryFor(server, how.dialect);
      edited = await addServer(edited, { name, entry, replace: true }, how);
    }
    return edited;
  });
  const names = taken.map(({ name }) => name);
  await refuseUnusable(edit, target, names);
  const isTrial = options.flag('dry-run');
  if (!isTrial && taken.length > 0) await carryOut(edit, target, names, context);
  if (output.json) {
    await output.document({
      files: files.map(documentOf),
      to: target.path,
      imported: names,
      skipped,
      written: !isTrial && names.length > 0,
    });
    return EXIT.done;
  }
  for (const { name, reason } of skipped) await output.note(safeLine(`toolway: ${name} was left out: ${reason}`));
  if (isTrial) await output.print(diffLines(edit, output).join('\n'));
  if (files.length > 0) await conclude(taken, isTrial, target, job);
  return EXIT.done;
};

/** The files that are looked for: of one host, of all, or one that is named. */
const filesOf = ({ args, context }: Job): HostFile[] => {
  const { env, cwd } = context;
  const home = env.HOME || env.USERPROFILE || homedir();
  const places = hostFiles({ platform: process.platform, home, env, cwd });
  // In the user's own folder the files of the project are those of the user.
  const all = places.filter(({ path }, index) => places.findIndex((one) => one.path === path) === index);
  const [given] = args;
  if (given === undefined) return all;
  if (Object.hasOwn(HOSTS, given)) return all.filter(({ host }) => host === given);
  if (/[\\/.]/.test(given)) return [{ host: given as HostName, path: resolve(cwd, given), scope: 'project' }];
  const hosts = Object.keys(HOSTS);
  throw usage(
    `there is no host ${JSON.stringify(given)}, only ${hosts.join(', ')}, or the path of a file`,
    nearest(given, hosts),
  );
};

const show = async (files: readonly OfferingFile[], present: readonly string[], { output }: Job): Promise<void> => {
  const { style } = output;
  if (files.length === 0) await output.note('toolway: no file of another host was found');
  for (const { host, path, offers, error } of files) {
    if (offers.length === 0 && error === undefined) continue;
    await output.print(`${style.bold(HOSTS[host] ?? basename(path))}  ${style.dim(quote(path))}`);
    if (error !== undefined) await output.print(style.red(`  cannot be read: ${shown(error)}`));
    for (const offer of offers) {
      const { name, originalName, server, remarks, secrets, unusable } = offer;
      const facts = [
        originalName === undefined ? undefined : `in the file: ${quote(originalName)}`,
        server.disabled === true ? 'switched off' : undefined,
        present.includes(name) ? 'is there already' : undefined,
      ].filter((fact) => fact !== undefined);
      await output.print(`  ${style.bold(name)}${facts.length === 0 ? '' : `  ${style.dim(facts.join(' · '))}`}`);
      const lines = unusable ? [] : describeDefinition({ definition: { folder: '.', server: screened(server) } });
      const width = Math.max(0, ...lines.map(({ about }) => about.length));
      for (const { about, text } of lines) {
        if (about !== 'in' || server.cwd !== undefined) await output.print(`    ${about.padEnd(width)}  ${text}`);
      }
      for (const remark of remarks) await output.print(style.yellow(`    ${shown(remark)}`));
      if (secrets.length > 0)
        await output.print(style.yellow(`    a secret stands in plain text in ${secrets.join(', ')}`));
    }
  }
};

/** What the line, or the person, wants to have. */
const picked = async (files: readonly OfferingFile[], { options, output, screen, context }: Job): Promise<Offer[]> => {
  const all = files.flatMap(({ offers }) => offers);
  const named = options.values('server');
  if (named.length > 0) return named.map((name) => offerNamed(name, all));
  if (options.flag('all')) return all.filter(({ unusable }) => unusable !== true);
  if (all.length === 0 || output.json || options.flag('dry-run') || !screen.interactive) return [];
  return screen.converse(async (ask) => {
    const { above } = await screen.terminal();
    for (;;) {
      const prompt = 'Which ones shall be taken? Names, "all", or nothing: ';
      const reply = await ask({ prompt, signal: context.signal });
      refuseInterrupt(reply);
      if (!('line' in reply)) return [];
      const words = reply.line.split(/[\s,]+/).filter((word) => word !== '');
      if (words.length === 1 && words[0] === 'all') return all.filter(({ unusable }) => unusable !== true);
      try {
        return words.map((word) => offerNamed(word, all));
      } catch (error) {
        above(safeLine((error as Error).message));
      }
    }
  });
};

const offerNamed = (name: string, all: readonly Offer[]): Offer => {
  const offer = all.find((one) => one.name === name || one.originalName === name);
  if (offer === undefined) {
    const matches = nearest(name, new Set(all.map((one) => one.name)));
    throw new ToolwayError('unknown_server', `no file has a server ${JSON.stringify(name)}`, {
      executed: 'no',
      matches,
    });
  }
  if (offer.unusable)
    throw new ToolwayError('invalid_config', `${name} cannot be used: ${offer.remarks.join('; ')}`, { executed: 'no' });
  return offer;
};

/** What is taken, and what is not because there is one of that name. */
const sorted = (
  offers: readonly Offer[],
  present: readonly string[],
  { options }: Job,
): { taken: Offer[]; skipped: { name: string; reason: string }[] } => {
  const taken = new Map<string, Offer>();
  const skipped: { name: string; reason: string }[] = [];
  for (const offer of offers) {
    const { name } = offer;
    const before = taken.get(name);
    if (present.includes(name) && !options.flag('force'))
      skipped.push({ name, reason: 'is there already; --force puts this one in its place' });
    else if (before === undefined) taken.set(name, offer);
    else if (before !== offer && JSON.stringify(before.server) !== JSON.stringify(offer.server)) {
      skipped.push({ name, reason: 'another file has a different one of this name, which was taken' });
    }
  }
  return { taken: [...taken.values()], skipped };
};

const documentOf = ({ host, path, scope, offers, error }: OfferingFile) => ({
  host,
  path,
  scope,
  error,
  servers: offers.map(({ server, ...offer }) => ({
    ...offer,
    server: typeof server.transport === 'function' ? undefined : screened(server),
  })),
});

const conclude = async (taken: readonly Offer[], isTrial: boolean, target: Target, { output }: Job): Promise<void> => {
  const names = taken.map(({ name }) => name).join(', ');
  if (taken.length === 0) {
    await output.note(
      'toolway: nothing was taken; --server NAME (repeatable) or --all says what is, --to FILE where it goes',
    );
    return;
  }
  if (!isTrial) await output.note(safeLine(`toolway: taken into ${target.shown}: ${names}`));
  for (const { name, secrets } of taken) {
    if (secrets.length > 0) {
      await output.note(
        output.remarks.yellow(
          `toolway: ${name}: ${secrets.join(', ')} in plain text; \${VARIABLE}, \${file:path} or \${keychain:name} would keep it out of the file`,
        ),
      );
    }
  }
};
