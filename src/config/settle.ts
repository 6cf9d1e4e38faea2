/** The servers that a program gives to `createToolkit`: in any spelling that files may have, and with functions where files have none. */
import type { ServerConfig } from '../options.ts';
import { serverAlias } from './alias.ts';
import { isObject } from './readers.ts';
import { readFields, readServer } from './server.ts';

/** What no file can have. */
const OURS = [
  'onElicit',
  'onSample',
  'roots',
  'onLog',
  'onTask',
  'onApprove',
  'untrusted',
] as const satisfies (keyof ServerConfig)[];

/** One server as the user gave it, in any spelling that files may have, over the toolkit's defaults. Functions pass as they are. */
const settleConfig = (name: string, raw: ServerConfig, defaults: Partial<ServerConfig> = {}): ServerConfig => {
  const shape: unknown = raw;
  if (!isObject(shape)) return { ...defaults, ...readServer(name, shape, '', () => ({})).config };
  const given: Record<string, unknown> = { ...raw };
  const kept: Partial<ServerConfig> = {};
  for (const key of OURS) {
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

/** The same for a server whose name may be unusable, which then gets an alias. */
export const settleServer = async (
  original: string,
  usable: boolean,
  raw: ServerConfig,
  defaults?: Partial<ServerConfig>,
): Promise<[string, ServerConfig]> => {
  const name = usable ? original : await serverAlias(original);
  return [name, settleConfig(name, raw, defaults)];
};
