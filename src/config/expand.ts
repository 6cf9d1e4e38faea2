/** `${…}` in configurations: what may stand in the braces, and how it is replaced. */
import { type Problem, ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import { pointerStep } from './places.ts';

/** Where references are looked up. `resolve` serves the schemes that need more than variables; without it they are errors. */
export interface Lookup {
  env: Readonly<Record<string, string | undefined>>;
  resolve?: (scheme: ReferenceScheme, name: string) => Promise<string | undefined>;
  /** What `${principal:NAME}` stands for, by name; without it these are `auth_required`. */
  credentials?: Readonly<Record<string, string>> | undefined;
  /** Hears of each value that is put in the place of a reference. */
  found?: (reference: FoundReference) => void;
}

/** A reference that was replaced. */
export interface FoundReference {
  /** What stood in the braces, without a default: `TOKEN`, `env:TOKEN`, `file:path`, … */
  name: string;
  value: string;
  /** The field of the configuration, as a JSON Pointer; empty for a text that is in none. */
  path: string;
}

/** The schemes beside variables: a file's content, an entry of the keychain, an answer of the user. */
export type ReferenceScheme = 'file' | 'keychain' | 'input';

const SCHEMES: readonly string[] = ['file', 'keychain', 'input'] satisfies ReferenceScheme[];

const invalid = (reason: string): ToolwayError => new ToolwayError('invalid_config', reason, { executed: 'no' });

/** Writes a text so that `expand` gives it back as it was. */
export const escapeReferences = (text: string): string => text.replaceAll('${', () => '$${');

/**
 * Replaces `${VAR}`, `${VAR:-default}`, `${env:VAR}`, `${file:path}`, `${keychain:name}` and `${input:id}`; `$${` is a
 * literal `${`. What comes in is not expanded again. Throws `invalid_config` for what cannot be found.
 */
export const expand = async (text: string, lookup: Lookup): Promise<string> => {
  let expanded = '';
  let at = 0;
  for (;;) {
    const start = text.indexOf('${', at);
    if (start === -1) return expanded + text.slice(at);
    if (start > at && text[start - 1] === '$') {
      expanded += `${text.slice(at, start - 1)}\${`;
      at = start + 2;
      continue;
    }
    const end = closingBrace(text, start + 2);
    expanded += text.slice(at, start) + (await resolveReference(text.slice(start + 2, end), lookup));
    at = end + 1;
  }
};

const closingBrace = (text: string, from: number): number => {
  let open = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith('$${', at)) at += 2;
    else if (text.startsWith('${', at)) open += 1;
    else if (text[at] === '}') open -= 1;
    if (open === 0) return at;
  }
  throw invalid('"${" is not closed; a literal one is written "$${"');
};

const resolveReference = async (reference: string, lookup: Lookup): Promise<string> => {
  const split = reference.indexOf(':-');
  const name = split === -1 ? reference : reference.slice(0, split);
  const value = await find(name, lookup);
  if (split !== -1 && (value === undefined || value === '')) return expand(reference.slice(split + 2), lookup);
  if (value !== undefined) {
    lookup.found?.({ name, value, path: '' });
    return value;
  }
  const [, variable = name] = /^env:(.*)$/s.exec(name) ?? [];
  throw invalid(
    /^\w+:/.test(name) && variable === name ? `\${${name}} was not found` : `the variable ${variable} is not set`,
  );
};

const find = async (name: string, lookup: Lookup): Promise<string | undefined> => {
  const [, scheme, rest = ''] = /^([A-Za-z]+):(.*)$/s.exec(name) ?? [];
  if (scheme === 'principal') return credential(rest, lookup.credentials);
  if (scheme === undefined || scheme === 'env') {
    const variable = scheme === 'env' ? rest : name;
    if (!/^[A-Za-z_][\w().-]*$/.test(variable)) throw invalid(`"\${${name}}" does not name a variable`);
    return Object.hasOwn(lookup.env, variable) ? lookup.env[variable] : undefined;
  }
  if (!SCHEMES.includes(scheme))
    throw invalid(`"\${${name}}": there is no ${scheme}:, only env:, file:, keychain:, input:`);
  if (lookup.resolve === undefined) throw invalid(`"\${${name}}": ${scheme}: is not available here`);
  return lookup.resolve(scheme as ReferenceScheme, rest);
};

const credential = (name: string, given: Lookup['credentials']): string => {
  if (given !== undefined && Object.hasOwn(given, name)) return given[name] as string;
  const whose = given === undefined ? 'is given by each caller of the gateway' : 'was not given';
  throw new ToolwayError('auth_required', `"\${principal:${name}}" ${whose}`, { executed: 'no' });
};

/** In a URL a credential is one piece of text, whatever stands in it. */
const inUrl = (given: Lookup['credentials']): Lookup['credentials'] =>
  given && Object.fromEntries(Object.entries(given).map(([name, value]) => [name, encodeURIComponent(value)]));

/** Where callers' credentials may go. */
const OF_CALLERS = /^\/(?:env|headers)\/|^\/url$/;

/**
 * Expands command, args, env, url, headers, proxy, and the paths in cwd, envFile and tls, of one server. Throws `invalid_config` that names the server and every
 * field that could not be expanded.
 */
export const expandServer = async (server: string, config: ServerConfig, lookup: Lookup): Promise<ServerConfig> => {
  const problems: Problem[] = [];
  const one = async (text: string, path: string): Promise<string> => {
    const given = OF_CALLERS.test(path) ? lookup.credentials : undefined;
    const credentials = path === '/url' ? inUrl(given) : given;
    try {
      return await expand(text, { ...lookup, credentials, found: (found) => lookup.found?.({ ...found, path }) });
    } catch (error) {
      if (error instanceof ToolwayError && error.code === 'auth_required') throw error.with({ server });
      problems.push({ path, message: error instanceof Error ? error.message : String(error) });
      return '';
    }
  };
  const each = async (record: Record<string, string>, path: string): Promise<Record<string, string>> => {
    const expanded: [string, string][] = [];
    for (const [key, text] of Object.entries(record)) expanded.push([key, await one(text, path + pointerStep(key))]);
    return Object.fromEntries(expanded);
  };

  const expanded: ServerConfig = { ...config };
  if (config.command !== undefined) expanded.command = await one(config.command, '/command');
  if (config.args !== undefined) {
    expanded.args = [];
    for (const [index, arg] of config.args.entries()) expanded.args.push(await one(arg, `/args/${index}`));
  }
  if (config.env !== undefined) expanded.env = await each(config.env, '/env');
  if (config.url !== undefined) expanded.url = await one(config.url, '/url');
  if (config.cwd !== undefined) expanded.cwd = await one(config.cwd, '/cwd');
  if (config.envFile !== undefined) expanded.envFile = await one(config.envFile, '/envFile');
  if (config.proxy !== undefined) expanded.proxy = await one(config.proxy, '/proxy');
  if (config.tls !== undefined) expanded.tls = await each(config.tls as Record<string, string>, '/tls');
  if (config.headers !== undefined) expanded.headers = await each(config.headers, '/headers');
  if (problems.length === 0) return expanded;
  const reason = problems.map(({ path, message }) => `${path.slice(1).replaceAll('/', '.')}: ${message}`).join('; ');
  throw new ToolwayError('invalid_config', reason, { server, executed: 'no', problems });
};
