/** The servers that a program gives to `createToolkit`: in any spelling that files may have, and with functions where files have none. */
import { ToolwayError } from '../errors.ts';
import type { Handlers, ServerConfig, ToolkitOptions } from '../options.ts';
import { isServerName, serverAlias } from './names.ts';
import { readFields, readServer } from './server.ts';

const HANDLERS = ['onElicit', 'onSample', 'roots', 'onLog', 'onTask'] as const satisfies (keyof Handlers)[];

/** One server as the user gave it, in any spelling that files may have, over the toolkit's defaults. Functions pass as they are. */
export const settleConfig = (name: string, raw: ServerConfig, defaults: Partial<ServerConfig> = {}): ServerConfig => {
  if (!isServerName(name)) {
    throw new ToolwayError('invalid_config', `"${name}" cannot be the name of a server`, {
      server: name,
      executed: 'no',
    });
  }
  const given: Record<string, unknown> = { ...raw };
  const kept: Partial<ServerConfig> = {};
  for (const key of HANDLERS) {
    if (given[key] !== undefined) Object.assign(kept, { [key]: given[key] });
    delete given[key];
  }
  const { transport } = raw;
  if (typeof transport !== 'function')
    return { ...defaults, ...readServer(name, given, '', () => ({})).config, ...kept };
  const { config } = readFields(withoutTransport(given), '');
  return { ...defaults, ...config, transport, ...kept };
};

const withoutTransport = ({ transport: _made, ...rest }: Record<string, unknown>): Record<string, unknown> => rest;

/** All servers of a toolkit's options, in their order. Names that cannot be used get an alias. */
export const serverConfigs = async ({
  mcpServers = {},
  defaults,
}: ToolkitOptions): Promise<[string, ServerConfig][]> => {
  if (typeof mcpServers !== 'object' || mcpServers === null || Array.isArray(mcpServers)) {
    throw new ToolwayError('invalid_config', 'mcpServers must be an object of servers by name');
  }
  const settled: [string, ServerConfig][] = [];
  for (const [original, config] of Object.entries(mcpServers)) {
    const name = isServerName(original) ? original : await serverAlias(original);
    settled.push([name, settleConfig(name, config, defaults)]);
  }
  return settled;
};
