/** Several configurations as one: what comes later counts. */
import type { ServerConfig } from '../options.ts';
import { emptyConfig, type ParsedConfig } from './parse.ts';

/** Puts layers on top of each other. A server of a later layer replaces the whole server of that name, in its place. */
export const mergeConfigs = (layers: Iterable<ParsedConfig>): ParsedConfig => {
  const merged = emptyConfig();
  for (const { servers, defaults, limits, policy, pins, aliases, problems } of layers) {
    for (const [name, server] of Object.entries(servers)) {
      merged.servers[name] = server;
      delete merged.aliases[name];
    }
    Object.assign(merged.aliases, aliases);
    merged.defaults = { ...merged.defaults, ...defaults };
    merged.limits = { ...merged.limits, ...limits };
    // Rules make sense in their order only: those of two files are not mixed.
    if (policy !== undefined) merged.policy = policy;
    if (pins !== undefined) merged.pins = pins;
    merged.problems.push(...problems);
  }
  return merged;
};

/** Sets fields on every server, over what files say; the layer above all files. */
export const overrideServers = (
  { servers }: Pick<ParsedConfig, 'servers'>,
  change: (server: ServerConfig, name: string) => ServerConfig,
): Record<string, ServerConfig> => {
  const changed = Object.create(null) as Record<string, ServerConfig>;
  for (const [name, server] of Object.entries(servers)) changed[name] = change(server, name);
  return changed;
};
