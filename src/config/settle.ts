/** The servers that a program gives to `createToolkit`: in any spelling that files may have, and with functions where files have none. */
import { type Problem, ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import { serverAlias } from './alias.ts';
import { nearest } from './nearest.ts';
import { isObject, kindOf } from './readers.ts';
import { readFields, readServer, unusableServer } from './server.ts';

/** What no file can have. */
const OURS = [
  'onElicit',
  'onSample',
  'roots',
  'onLog',
  'onRefused',
  'onTask',
  'onApprove',
  'untrusted',
] as const satisfies (keyof ServerConfig)[];

/** Parts what files can have from what they cannot. */
const split = (raw: Record<string, unknown>): { given: Record<string, unknown>; kept: Partial<ServerConfig> } => {
  const given = { ...raw };
  const kept: Partial<ServerConfig> = {};
  for (const key of OURS) {
    if (given[key] !== undefined) Object.assign(kept, { [key]: given[key] });
    delete given[key];
  }
  for (const key of ['timeoutMs', 'totalTimeoutMs'] as const) {
    if (given[key] !== Number.POSITIVE_INFINITY) continue;
    kept[key] = given[key];
    delete given[key];
  }
  return { given, kept };
};

/** One server as the user gave it, in any spelling that files may have, over the toolkit's defaults. Functions pass as they are. */
const settleConfig = (name: string, raw: ServerConfig, defaults: Partial<ServerConfig> = {}): ServerConfig => {
  const shape: unknown = raw;
  if (!isObject(shape)) return { ...defaults, ...readServer(name, shape, '', () => ({})).config };
  const { given, kept } = split(shape);
  const { transport } = raw;
  if (typeof transport !== 'function')
    return { ...defaults, ...readServer(name, given, '', () => ({})).config, ...kept };
  const { config, problems } = readFields(withoutTransport(given), '');
  if (problems.some(({ level }) => level === 'error'))
    return { ...defaults, ...unusableServer(name, problems), ...kept };
  return { ...defaults, ...config, transport, ...kept };
};

/** Defaults as the user gave them, in any spelling that files may have. Throws `invalid_config` that names the fields that are wrong. */
export const settleDefaults = (raw: unknown): Partial<ServerConfig> => {
  if (!isObject(raw)) throw unusable([{ path: '/defaults', message: `must be an object, not ${kindOf(raw)}` }]);
  const { given, kept } = split(raw);
  const { transport } = given;
  if (typeof transport === 'function') Object.assign(kept, { transport });
  const files = typeof transport === 'function' ? withoutTransport(given) : given;
  const { config, problems } = readFields(files, '/defaults', { suggest: (word, known) => nearest(word, known)[0] });
  const errors = problems.filter(({ level }) => level === 'error');
  if (errors.length > 0) throw unusable(errors.map(({ path, message }) => ({ path, message })));
  return { ...config, ...kept };
};

const unusable = (problems: Problem[]): ToolwayError =>
  new ToolwayError('invalid_config', problems.map(({ path, message }) => `${path} ${message}`).join('; '), {
    executed: 'no',
    problems,
  });

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
