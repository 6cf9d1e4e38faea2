/** Options about permission, checked and put to work. Loaded with the first toolkit that has any. */
import { readPermissions } from './config/permission.ts';
import { ToolwayError } from './errors.ts';
import type { Finder } from './finder.ts';
import type { ToolkitOptions } from './options.ts';
import type { Policy } from './permission.ts';
import type { FirstSeen } from './policy/first-seen.ts';
import { createGuard, type Guard, type GuardOptions } from './policy/guard.ts';
import { createPinFile } from './policy/pin-file.ts';
import type { House } from './server/server.ts';

/** Handed over by what is always loaded, so that no part of that becomes a file of its own. */
interface Tools {
  nearest(word: string, candidates: Iterable<string>): string[];
  createFirstSeen(): FirstSeen;
}

/** What a file remembers, where there is one. Throws `invalid_config` with what is wrong and where. */
export const preparePins = (
  { policy, pins, pinFile }: Pick<ToolkitOptions, 'policy' | 'pins' | 'pinFile'>,
  { runtime: { files }, events }: Pick<House, 'runtime' | 'events'>,
  { nearest, createFirstSeen }: Tools,
): Pick<House, 'pins' | 'firstSeen' | 'pinsSaved'> | undefined => {
  const { problems } = readPermissions({ policy, pins }, (word, known) => nearest(word, known)[0]);
  if (problems.length > 0) {
    const told = problems.map(({ path, message }) => ({ path, message }));
    throw unusable(told.map(({ path, message }) => `${path} ${message}`).join('; '), told);
  }
  if (pinFile === undefined) return undefined;
  if (typeof pinFile !== 'string' || pinFile === '') throw unusable('pinFile must be the path of a file');
  if (files === undefined) throw unusable('pinFile needs files, which only toolway/node has');
  const { shelf, saved } = createPinFile({
    path: pinFile,
    files,
    createFirstSeen,
    warn: (server, message, cause) => events.emit('warning', { server, scope: '', message, cause }),
  });
  return { pins, firstSeen: shelf, pinsSaved: saved };
};

const unusable = (reason: string, problems?: ToolwayError['problems']): ToolwayError =>
  new ToolwayError('invalid_config', reason, { executed: 'no', problems });

/** The judge of a toolkit's calls. */
export const guardWith = (
  policy: Policy,
  { deadlines: { clock }, events, limits: { approvalTimeoutMs }, handlers: { onApprove } }: House,
  finder: Finder,
  tools: Pick<GuardOptions, 'matches' | 'definitionText'>,
): Guard =>
  createGuard({
    ...tools,
    policy,
    clock,
    events,
    approvalTimeoutMs,
    onApprove,
    configOf: (call) => finder.server(call.server).config,
    toolOf: (call) => finder.checksOf(call),
  });
