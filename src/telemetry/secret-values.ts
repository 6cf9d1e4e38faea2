/** Which values of a server's configuration are secrets. */
import type { ServerConfig } from '../options.ts';

/** A value that stood in for a `${…}`. */
export interface Reference {
  /** What stood in the braces, without a default: `TOKEN`, `env:TOKEN`, `file:path`, … */
  name: string;
  value: string;
  /** The field, as a JSON Pointer: `/env/TOKEN`. */
  path: string;
}

const SECRET_NAME = new RegExp(
  [
    'token(?!s|[-_.]?(?:limit|count|budget|size|ttl|url|uri|endpoint))',
    'secret|passw|passphrase|pwd|credential|authorization|cookie',
    '(?:api|access|private|signing|encryption|master|shared|license)[-_.]?key',
    '(?:^|[-_.])(?:key|auth|pat|pin|dsn|jwt|bearer)(?:$|[-_.])',
  ].join('|'),
  'i',
);
/** Variables that say where and who, and stand in every second message. */
const ORDINARY =
  /^(?:env:)?(?:HOME|PATH|PWD|USER|LOGNAME|SHELL|TERM|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|HOSTNAME|NODE_ENV|USERNAME|USERPROFILE|APPDATA|LOCALAPPDATA|XDG_\w+)$/;
const SCHEMES = /^(?:bearer|basic|token|apikey|digest)\s+/i;
/** The lines of a key file turn up one by one. */
const LINE_CHARS = 16;

/**
 * The secrets of an expanded configuration: values of variables and headers that came from a `${…}` or whose name says
 * that they are secret, values of such options and URL parameters, passwords in URLs.
 */
export const secretValues = (config: ServerConfig, references: readonly Reference[]): string[] => {
  const named = Object.entries({ ...config.env, ...config.headers });
  const found = [
    ...references.filter(isSecret).flatMap(({ value }) => partsOf(value)),
    ...named.flatMap(([name, value]) => (SECRET_NAME.test(name) ? partsOf(value) : inUrl(value))),
    ...inUrl(config.url ?? ''),
    ...inUrl(config.proxy ?? ''),
    ...inArguments(config.args ?? []),
  ];
  return [...new Set(found)];
};

/** In a variable or header every reference is taken for a secret; elsewhere most are paths and ports. */
const isSecret = ({ name, path }: Reference): boolean => {
  if (ORDINARY.test(name)) return false;
  if (/^\/(?:env|headers)\//.test(path) || SECRET_NAME.test(name)) return true;
  return /^(?:file|keychain|input):/.test(name);
};

/** The value, and what is secret by itself in it: what follows the scheme, a password, a cookie, a line of a file. */
const partsOf = (value: string): string[] => {
  const scheme = SCHEMES.exec(value)?.[0];
  const bare = scheme === undefined ? value : value.slice(scheme.length);
  const lines = bare.split(/\r?\n/).filter((line) => line.length >= LINE_CHARS);
  const cookies = [...bare.matchAll(/(?:^|;\s*)[^=;\s]+=([^;]+)/g)].map(([, cookie = '']) => cookie);
  return [bare, ...lines, ...cookies, ...inUrl(bare), ...(/^basic/i.test(scheme ?? '') ? inBasic(bare) : [])];
};

/** User and password (RFC 7617). */
const inBasic = (credentials: string): string[] => {
  try {
    const pair = atob(credentials);
    return [pair, pair.slice(pair.indexOf(':') + 1)];
  } catch {
    return [];
  }
};

const inUrl = (text: string): string[] => {
  if (!text.includes('://') || !URL.canParse(text)) return [];
  const { password, searchParams } = new URL(text);
  const parameters = [...searchParams].flatMap(([name, value]) => (SECRET_NAME.test(name) ? [value] : []));
  return [password, decoded(password), ...parameters];
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** `--token=x`, `--token x`. */
const inArguments = (args: readonly string[]): string[] =>
  args.flatMap((arg, index) => {
    const [, name = '', value] = /^--?([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(arg) ?? [];
    if (!SECRET_NAME.test(name)) return inUrl(value ?? arg);
    const next = args[index + 1] ?? '';
    return partsOf(value ?? (next.startsWith('-') ? '' : next));
  });
