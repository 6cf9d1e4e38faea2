/** Options about permission, checked and put to work. Loaded with the first toolkit that has any. */

import { nearest } from '../config/nearest.ts';
import { readPermissions } from '../config/permission.ts';
import { type Problem, ToolwayError } from '../errors.ts';
import type { ToolkitOptions } from '../options.ts';
import type { Policy } from '../permission.ts';
import type { FirstSeen } from '../policy/first-seen.ts';
import { createGuard, type Guard, type GuardOptions } from '../policy/guard.ts';
import { openPinFile } from '../policy/pin-file.ts';
import type { House } from '../server/server.ts';
import type { Finder } from './finder.ts';
import type { Pinning } from './guarding.ts';

/** Handed over by what is always loaded, so that no part of that becomes a file of its own. */
interface Tools {
  createFirstSeen(): FirstSeen;
}

/** What a file remembers, where there is one. Rejects with `invalid_config`, which says what is wrong and where. */
export const preparePins = async (
  { policy, pins, pinFile }: Pick<ToolkitOptions, 'policy' | 'pins' | 'pinFile'>,
  { runtime: { files }, events, secrets }: Pick<House, 'runtime' | 'events' | 'secrets'>,
  { createFirstSeen }: Tools,
): Promise<Pinning | undefined> => {
  const { problems } = readPermissions({ policy, pins }, (word, known) => nearest(word, known)[0]);
  if (problems.length > 0) {
    const told = problems.map(({ path, message }) => ({ path, message }));
    throw unusable(told.map(({ path, message }) => `${path} ${message}`).join('; '), told);
  }
  if (pinFile === undefined) return undefined;
  if (typeof pinFile !== 'string' || pinFile === '') throw unusable('pinFile must be the path of a file');
  if (files === undefined) throw unusable('pinFile needs files, which only toolway/node has');
  const { shelf, saved } = await openPinFile({
    path: pinFile,
    files,
    createFirstSeen,
    masked: secrets.masked,
    warn: (server, message, cause) => events.emit('warning', { server, scope: '', message, cause }),
  });
  return { firstSeen: shelf, pinsSaved: saved };
};

const unusable = (reason: string, problems?: ToolwayError['problems']): ToolwayError =>
  new ToolwayError('invalid_config', reason, { executed: 'no', problems });

/** Rules may name servers as their file does: the aliases of names that no server can bear are looked for as well. */
const withAliases = async (policy: Policy, isServerName: (name: string) => boolean): Promise<Policy> => {
  const aliased = async (name: string): Promise<string[]> =>
    isServerName(name) ? [name] : [name, await (await import('../config/alias.ts')).serverAlias(name)];
  const rules = (policy.rules ?? []).map(async (rule) =>
    rule.server === undefined
      ? rule
      : { ...rule, server: (await Promise.all([rule.server].flat().map(aliased))).flat() },
  );
  return { ...policy, rules: await Promise.all(rules) };
};

/** The judge of a toolkit's calls. */
export const guardWith = async (
  policy: Policy,
  { deadlines: { clock }, events, limits: { approvalTimeoutMs }, handlers: { onApprove } }: House,
  finder: Finder,
  {
    isServerName,
    badArguments,
    ...tools
  }: Pick<GuardOptions, 'matches' | 'definitionText'> & {
    isServerName(name: string): boolean;
    badArguments(problems: Problem[]): ToolwayError;
  },
): Promise<Guard> =>
  createGuard({
    ...tools,
    policy: await withAliases(policy, isServerName),
    clock,
    events,
    approvalTimeoutMs,
    onApprove,
    configOf: (call) => finder.home(call).config,
    mustBeIn(call) {
      const on = finder.home(call);
      // Another one may have its name now.
      if (finder.servers.get(call.server) !== (on.parent ?? on))
        throw new ToolwayError('closed', 'the server was removed', { executed: 'no' });
    },
    async mustFit(call) {
      const checks = finder.checksOf(call);
      await checks?.compiled;
      const problems = await checks?.input?.(call.params.arguments);
      if (problems !== undefined) throw badArguments(problems);
    },
    toolOf: (call) => finder.checksOf(call),
    toolsOf: (call) => finder.home(call).catalog.known('tools')?.items,
  });
