/** What a toolkit holds calls and tools to, as its options say; the policy and the file of pins are loaded where there is one. */
import { isServerName } from '../config/names.ts';
import { badArguments } from '../middleware/misfits.ts';
import { matchesPattern } from '../names.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';
import type { Policy } from '../permission.ts';
import { definitionText } from '../policy/definition.ts';
import { createFirstSeen, type FirstSeen } from '../policy/first-seen.ts';
import type { Guard } from '../policy/guard.ts';
import type { House } from '../server/server.ts';
import type { Finder } from './finder.ts';

/** What was first seen of the tools of all servers. */
export interface Pinning {
  /** That of a server under this name and launch. */
  firstSeen(name: string, config: ServerConfig): FirstSeen;
  /** Resolves when it is where later programs find it. */
  pinsSaved?(): Promise<void>;
}

const load = () => import('./guarding-on-demand.ts');

/** Servers, by name and launch, that are known again when they come back. */
const MAX_LAUNCHES = 1_000;

/** Where definitions first seen are remembered. Rejects with `invalid_config` where an option about permission is unusable. */
export const pinning = async (
  options: ToolkitOptions,
  house: Pick<House, 'runtime' | 'events' | 'secrets'>,
): Promise<Pinning> => {
  if ((options.policy ?? options.pins ?? options.pinFile) !== undefined) {
    const prepared = await (await load()).preparePins(options, house, { createFirstSeen });
    if (prepared !== undefined) return prepared;
  }
  /** A server that is taken out and put in again is the same one, unless it is launched differently. */
  const known = new Map<string, FirstSeen>();
  return {
    firstSeen(name, { command, args, url, cwd, transport }) {
      const key = JSON.stringify([name, command, args, url, cwd]);
      const seen = (typeof transport !== 'function' && known.get(key)) || createFirstSeen();
      known.delete(key);
      known.set(key, seen);
      for (const oldest of known.keys()) {
        if (known.size <= MAX_LAUNCHES) break;
        known.delete(oldest);
      }
      return seen;
    },
  };
};

/** The judge of calls under a policy. */
export const guardOf = async (policy: Policy, house: House, finder: Finder): Promise<Guard> =>
  (await load()).guardWith(policy, house, finder, {
    matches: matchesPattern,
    definitionText,
    isServerName,
    badArguments,
  });
