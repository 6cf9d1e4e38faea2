/** Several configurations as one: what comes later counts. */
import { withoutUndefined } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import type { GatewaySettings } from './gateway.ts';
import { emptyConfig, type ParsedConfig } from './parse.ts';

/** Puts layers on top of each other. A server of a later layer replaces the whole server of that name, in its place. */
export const mergeConfigs = (layers: Iterable<ParsedConfig>): ParsedConfig => {
  const merged = emptyConfig();
  for (const layer of layers) {
    for (const [name, server] of Object.entries(layer.servers)) {
      merged.servers[name] = server;
      merged.origins[name] = layer.origins[name] ?? {};
      delete merged.aliases[name];
    }
    Object.assign(merged.aliases, layer.aliases);
    merged.defaults = { ...merged.defaults, ...layer.defaults };
    merged.defaultOrigins = { ...merged.defaultOrigins, ...layer.defaultOrigins };
    merged.rootOrigins = { ...merged.rootOrigins, ...layer.rootOrigins };
    merged.limits = { ...merged.limits, ...layer.limits };
    merged.inputs = [...new Map([...merged.inputs, ...layer.inputs].map((input) => [input.id, input])).values()];
    // Rules make sense in their order only: those of two files are not mixed.
    if (layer.policy !== undefined) merged.policy = layer.policy;
    if (layer.pins !== undefined) merged.pins = layer.pins;
    if (layer.gateway !== undefined) merged.gateway = mergeGateways(merged.gateway, layer.gateway);
    if (layer.chat !== undefined) merged.chat = { ...merged.chat, ...layer.chat };
    const { pinFile = merged.pinFile, catalogueFile = merged.catalogueFile } = layer;
    const { batchWindowMs = merged.batchWindowMs } = layer;
    Object.assign(merged, withoutUndefined({ pinFile, catalogueFile, batchWindowMs }));
    merged.problems.push(...layer.problems);
  }
  return merged;
};

/** Field by field; the keys of one file are all there are. */
const mergeGateways = (before: GatewaySettings | undefined, after: GatewaySettings): GatewaySettings => ({
  ...before,
  ...after,
  access: { ...before?.access, ...after.access },
  ...(before?.limits !== undefined && { limits: { ...before.limits, ...after.limits } }),
});

/** Sets fields on every server, over what files say; the layer above all files. */
export const overrideServers = (
  { servers }: Pick<ParsedConfig, 'servers'>,
  change: (server: ServerConfig, name: string) => ServerConfig,
): Record<string, ServerConfig> => {
  const changed = Object.create(null) as Record<string, ServerConfig>;
  for (const [name, server] of Object.entries(servers)) changed[name] = change(server, name);
  return changed;
};
