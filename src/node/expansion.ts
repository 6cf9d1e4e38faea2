/** What configurations refer to, looked up in Node: files, the keychain, the user's answers; and the files that they name. */
import { homedir } from 'node:os';
import { join, resolve as resolvePath } from 'node:path';
import { parseDotenv } from '../config/dotenv.ts';
import { expandServer, type FoundReference, type ReferenceScheme } from '../config/expand.ts';
import { inputVariable } from '../config/inputs.ts';
import { pointerStep } from '../config/places.ts';
import { ToolwayError } from '../errors.ts';
import type { InputDefinition, ServerConfig, ToolkitOptions } from '../options.ts';
import { readBounded } from './read-bounded.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What expansion depends on. */
export interface ExpanderOptions extends Pick<ToolkitOptions, 'inputs' | 'onInput'> {
  env: Environment;
  /** Where relative paths of `${file:…}` begin. Default: the process's working directory. */
  cwd?: string | undefined;
  /** Each input is asked for once, whatever needs it and however often. Default true; else at every start of a server. */
  asksOnce?: boolean;
  /** Loads what opens the keychain. Default: the package `@napi-rs/keyring`. */
  loadKeyring?: () => Promise<Keyring>;
}

/** The part of `@napi-rs/keyring` that is needed. */
export interface Keyring {
  AsyncEntry: new (service: string, account: string) => { getPassword(): Promise<string | null | undefined> };
}

/** Replaces what a configuration refers to. Rejects with `invalid_config` that names the fields. */
export type Expander = (
  server: string,
  config: ServerConfig,
  found?: (reference: FoundReference) => void,
  credentials?: Readonly<Record<string, string>>,
) => Promise<ServerConfig>;

/** Bytes of one file that a configuration names. */
const MAX_FILE_BYTES = 1024 * 1024;
/** The service under which `${keychain:name}` is looked for. */
const KEYCHAIN_SERVICE = 'toolway';

const invalid = (reason: string, cause?: unknown): ToolwayError =>
  new ToolwayError('invalid_config', reason, { executed: 'no', cause });

/** Makes the expander of one toolkit. */
export const createExpander = ({
  env,
  cwd,
  inputs = [],
  onInput,
  asksOnce = true,
  loadKeyring = keyring,
}: ExpanderOptions): Expander => {
  const answers = new Map<string, Promise<string>>();
  const answer = (server: string, id: string): Promise<string> => {
    const input = inputs.find((known) => known.id === id);
    if (input === undefined) throw invalid(`no input ${JSON.stringify(id)} is defined`);
    const known = answers.get(id);
    if (known !== undefined) return known;
    const asked = ask(input, server, { env, onInput });
    if (asksOnce) answers.set(id, asked);
    // An answer that was refused may be given later.
    asked.catch(() => answers.delete(id));
    return asked;
  };

  const placed = (path: string): string => (cwd === undefined || path.startsWith('~') ? path : resolvePath(cwd, path));

  return async (server, config, found, credentials) => {
    const resolve = (scheme: ReferenceScheme, name: string): Promise<string | undefined> =>
      scheme === 'input'
        ? answer(server, name)
        : resolveSecret(scheme, scheme === 'file' ? placed(name) : name, { env, loadKeyring });
    const expanded = await expandServer(server, config, { env, resolve, found, credentials });
    try {
      return { ...expanded, ...(await filesOf(expanded, env, found)) };
    } catch (error) {
      throw new ToolwayError('invalid_config', error instanceof Error ? error.message : String(error), {
        server,
        executed: 'no',
        cause: error,
      });
    }
  };
};

/** What `${file:…}` and `${keychain:…}` stand for. */
export const resolveSecret = (
  scheme: Exclude<ReferenceScheme, 'input'>,
  name: string,
  { env, loadKeyring = keyring }: Pick<ExpanderOptions, 'env' | 'loadKeyring'>,
): Promise<string | undefined> => (scheme === 'file' ? textOf(name, env) : secretOf(name, loadKeyring));

const ask = async (
  input: InputDefinition,
  server: string,
  { env, onInput }: Pick<ExpanderOptions, 'env' | 'onInput'>,
): Promise<string> => {
  const variable = inputVariable(input.id);
  const given = env[variable] ?? (await onInput?.(input, { server })) ?? input.default;
  const asked = input.description === undefined ? '' : ` (${input.description})`;
  if (given === undefined) {
    throw invalid(`the input ${JSON.stringify(input.id)}${asked} was not given; ${variable} can hold it`);
  }
  if (input.type === 'pickString' && input.options?.every(({ value }) => value !== given)) {
    const choices = input.options.map(({ value }) => JSON.stringify(value)).join(', ');
    throw invalid(`the input ${JSON.stringify(input.id)}${asked} must be one of ${choices}`);
  }
  return given;
};

/** The text of a file without the line break at its end; nothing where there is none. */
const textOf = async (path: string, env: Environment): Promise<string | undefined> => {
  try {
    return (await readText(path, env)).trimEnd();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

const readText = async (given: string, env: Environment): Promise<string> => {
  const path = /^~[\\/]/.test(given) ? join(env.HOME || env.USERPROFILE || homedir(), given.slice(2)) : given;
  const text = await readBounded(path, MAX_FILE_BYTES);
  if (text === undefined) throw invalid(`${path} has more than ${MAX_FILE_BYTES} bytes`);
  return text;
};

const secretOf = async (name: string, load: () => Promise<Keyring>): Promise<string | undefined> => {
  const { AsyncEntry } = await load();
  return (await new AsyncEntry(KEYCHAIN_SERVICE, name).getPassword()) ?? undefined;
};

const keyring = async (): Promise<Keyring> => {
  // By a name that bundlers do not follow: the package is not there unless the user wants it.
  const name = '@napi-rs/keyring';
  try {
    return (await import(name)) as Keyring;
  } catch (cause) {
    throw invalid(`\${keychain:…} needs the package ${name}, which cannot be loaded; npm install ${name}`, cause);
  }
};

/** What stands in `envFile` and in the files of `tls`. */
const filesOf = async (
  { env: own, envFile, tls }: ServerConfig,
  env: Environment,
  found: ((reference: FoundReference) => void) | undefined,
): Promise<Partial<ServerConfig>> => {
  const files: Partial<ServerConfig> = {};
  if (envFile !== undefined) {
    const variables = parseDotenv(await named('envFile', readText(envFile, env)));
    for (const [name, value] of variables) {
      if (value !== '') found?.({ name: `file:${envFile}`, value, path: `/env${pointerStep(name)}` });
    }
    files.env = { ...Object.fromEntries(variables), ...own };
  }
  if (tls !== undefined) {
    const parts = await Promise.all(
      Object.entries(tls).map(async ([part, given]): Promise<[string, string]> => {
        const isText = given.trimStart().startsWith('-----BEGIN');
        return [part, isText ? given : await named(`tls.${part}`, readText(given, env))];
      }),
    );
    files.tls = Object.fromEntries(parts);
    if (files.tls.key !== undefined) found?.({ name: 'file:tls.key', value: files.tls.key, path: '/tls/key' });
  }
  return files;
};

const named = async <T>(field: string, work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    throw invalid(`${field}: ${code === 'ENOENT' ? `there is no file ${path}` : message}`, error);
  }
};
