/** What one principal's connection is made with. Loaded with the first such connection. */
import { credentialsOf } from '../credentials.ts';
import type { ServerConfig } from '../options.ts';
import { credentialTarget, mustLeadTo } from './credential-target.ts';
import { ownWanted } from './personal.ts';
import type { ServerBase } from './server.ts';

export interface OwnCredentials {
  values: Readonly<Record<string, string>>;
  /** Gives the expanded configuration back, unless it leads elsewhere than where the values were given for. */
  check(expanded: ServerConfig): ServerConfig;
}

/** Reads a principal's values anew for each connection. None of them can be told by anything from then on. */
export const readCredentials = async ({
  name,
  config,
  house: { credentials, runtime, secrets },
  principal,
}: Pick<ServerBase, 'name' | 'config' | 'house'> & { principal: string }): Promise<OwnCredentials> => {
  const { source } = credentials;
  if (source === undefined) throw ownWanted(name);
  const target = await credentialTarget(name, config, runtime);
  const names = credentialsOf(config);
  const values = await source({ server: name, principal, names, target: target.id });
  for (const value of Object.values(values)) await secrets.add(value);
  return {
    values,
    check(expanded) {
      mustLeadTo(target, expanded);
      return expanded;
    },
  };
};
