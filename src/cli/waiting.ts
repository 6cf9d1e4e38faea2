/** Servers that a command waits for, and saying so where nothing else shows it. */
import { type Clock, systemClock } from '../clock.ts';
import type { Session } from './command.ts';
import { safeLine } from './safe-text.ts';

const TELL_AFTER_MS = 3_000;

/** Servers that are being connected for the first time. */
export const connectingServers = ({ toolkit, servers }: Pick<Session, 'toolkit' | 'servers'>): string[] => {
  const states = toolkit.status();
  return servers.filter((name) => states[name]?.state === 'connecting');
};

/** What is said while servers are being connected. */
export const waitingFor = (servers: readonly string[]): string => `waiting for ${servers.join(', ')}`;

/** Tells once of the servers that are still being connected after 3 s. What it gives ends that. */
export const tellOfWait = (
  session: Pick<Session, 'toolkit' | 'servers'>,
  note: (text: string) => void,
  clock: Pick<Clock, 'after'> = systemClock,
): (() => void) => {
  const timer = clock.after(TELL_AFTER_MS, () => {
    const servers = connectingServers(session);
    if (servers.length > 0) note(safeLine(`toolway: ${waitingFor(servers)}`));
  });
  timer.keepAlive(false);
  return () => timer.cancel();
};
