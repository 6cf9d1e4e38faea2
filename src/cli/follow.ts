/** A session that goes on for long follows its files. */
import type { LoadedConfig } from '../node/config-files.ts';
import { watchConfig } from '../node/watch-config.ts';
import type { ServerConfig } from '../options.ts';
import { safeLine } from './safe-text.ts';
import { ADHOC, type Following } from './session.ts';

/** Applies what changes in the files to the session, and tells of it. Gives the means to stop. */
export const followFiles = async (
  { session, files, named, forThisRun }: Following,
  note: (text: string) => Promise<void>,
): Promise<() => Promise<void>> => {
  const { toolkit, servers, config } = session;
  const { mcpServers } = config;
  const made = { ...mcpServers };
  const wanted = (read: LoadedConfig): Record<string, ServerConfig> => {
    const all = Object.entries(read.mcpServers).filter(([name]) => named === undefined || name === named);
    const own = made[ADHOC] === undefined ? [] : [[ADHOC, made[ADHOC]] as const];
    return Object.fromEntries([...all.map(([name, server]) => [name, forThisRun(server)] as const), ...own]);
  };
  const say = (text: string): void => void note(safeLine(`toolway: ${text}`));

  const watched = await watchConfig({
    ...files,
    onError: ({ message }) => say(`${message}; what was there before goes on`),
    onChange({ config: read, added, removed, changed, pending, gateway }) {
      if (gateway) session.onGateway?.(read);
      const present = wanted(read);
      servers.splice(0, servers.length, ...Object.keys(present));
      for (const name of Object.keys(mcpServers)) delete mcpServers[name];
      Object.assign(mcpServers, present);
      const parts = Object.entries({ added, removed, changed }).map(([what, names]): [string, string[]] => [
        what,
        names.filter((name) => named === undefined || name === named),
      ]);
      const told = parts.filter(([, names]) => names.length > 0).map(([what, names]) => `${what} ${names.join(', ')}`);
      if (told.length > 0) say(`the configuration has changed: ${told.join('; ')}`);
      if (pending.length > 0) say(`${pending.join(', ')} will count from the next start on`);
      const asked = [...added, ...changed].filter((name) => present[name]?.untrusted === true);
      if (asked.length > 0)
        say(`nobody has agreed to ${asked.join(', ')}; "toolway trust" shows what is started and asks`);
    },
  });
  watched.apply(toolkit, { servers: wanted, made });
  return () => watched.close();
};
