/** Tells configurations that need no reading from those in another host's spelling, so that only the latter load the rest of this room. */
import { LONGEST_TIMER_MS } from '../clock.ts';
import type { ServerConfig } from '../options.ts';
import { isServerName } from './names.ts';

const TEXT = 'string';
const FLAG = 'boolean';
const NUMBER = 'number';
const LIST = 'array';
const RECORD = 'object';
const HANDLER = 'function';

/** The fields that most servers get by with; any other is read by the rest of this room. */
const FIELDS: Partial<Record<keyof ServerConfig, string>> = {
  command: TEXT,
  args: LIST,
  env: RECORD,
  cwd: TEXT,
  url: TEXT,
  headers: RECORD,
  transport: HANDLER,
  disabled: FLAG,
  untrusted: FLAG,
  connectTimeoutMs: NUMBER,
  timeoutMs: NUMBER,
  onElicit: HANDLER,
  onSample: HANDLER,
  roots: `${HANDLER} ${LIST}`,
  onLog: HANDLER,
  onApprove: HANDLER,
};

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value);

/** True when every field is one of the usual ones with a value of its type, and exactly one of them says where the server is. */
export const isPlain = (name: string, config: ServerConfig): boolean => {
  if (!isServerName(name) || !areUsual(config)) return false;
  const { command, url, transport } = config;
  if ([command, url, transport].filter((place) => place !== undefined).length !== 1) return false;
  return url === undefined || /^(https?|wss?):\/\//i.test(url);
};

/** True for an object in which every field is one of the usual ones with a value of its type. */
export const areUsual = (config: Partial<ServerConfig>): boolean =>
  kindOf(config) === RECORD &&
  config !== null &&
  Object.entries(config).every(([key, value]) => {
    if (!Object.hasOwn(FIELDS, key)) return false;
    const isNoTime = typeof value === 'number' && !(value > 0 && value <= LONGEST_TIMER_MS);
    return value === undefined || (!isNoTime && FIELDS[key as keyof ServerConfig]?.includes(kindOf(value)) === true);
  });

/** True when a text that says where the server is holds a reference to be replaced. */
export const hasReferences = ({ command, args, env, cwd, envFile, url, headers, tls, proxy }: ServerConfig): boolean =>
  JSON.stringify([command, args, env, cwd, envFile, url, headers, tls, proxy]).includes('${');
