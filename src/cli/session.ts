/** From options to a toolkit: which servers there are, and what the line says over the files. */
import { join } from 'node:path';
import type { Toolkit } from '../api.ts';
import { LONGEST_TIMER_MS } from '../clock.ts';
import { escapeReferences } from '../config/expand.ts';
import { transport as readTransport } from '../config/fields.ts';
import { overrideServers } from '../config/merge.ts';
import { nearest } from '../config/nearest.ts';
import { describeProblem } from '../config/problem.ts';
import { ToolwayError } from '../errors.ts';
import type { LoadConfigOptions, LoadedConfig } from '../node/config-files.ts';
import { stateFolder } from '../node/state-folder.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';
import type { CliContext, Open, Session } from './command.ts';
import type { OptionName, Options } from './options.ts';
import { type Output, safeJson } from './output.ts';
import { safeLine } from './safe-text.ts';
import { withoutCallers } from './without-callers.ts';
import { splitWords } from './words.ts';

/** The name of the server that `--stdio` or `--url` describes. */
export const ADHOC = 'adhoc';

const DEFAULT_TOTAL_TIMEOUT_MS = 300_000;
const DEFAULT_CONNECT_TIMEOUT_MS = { stdio: 60_000, other: 20_000 };

const usage = (message: string): ToolwayError => new ToolwayError('invalid_arguments', message, { executed: 'no' });

/** Asks for what nobody has agreed to yet, and lets in what is agreed to. */
export type Admit = (config: LoadedConfig, servers: readonly string[], about: 'one' | 'many') => Promise<void>;

/** Keeps a session that lasts as its files have it. */
export type Follow = (following: Following) => Promise<void>;

/** A session that lasts, and how a server of its files is changed for it. */
export interface Following {
  session: Session;
  files: Pick<LoadConfigOptions, 'files' | 'cwd' | 'env'>;
  /** The only server that is wanted. */
  named: string | undefined;
  forThisRun(server: ServerConfig): ServerConfig;
}

/** Makes the `open` of a job. */
export const createOpener =
  (context: CliContext, options: Options, output: Output, { admit, follow }: { admit: Admit; follow: Follow }): Open =>
  async (wish = {}) => {
    const { choose = (servers: readonly string[]) => servers, allowNone = false, lasting = false } = wish;
    const { handlers, sampling } = wish;
    const { config, asConfigured } = await readConfig(context, options, output, lasting);
    const all = Object.keys(config.mcpServers);
    const named = options.value('server');
    if (named !== undefined) requireServer(named, all);
    if (all.length === 0 && !allowNone) {
      throw new ToolwayError(
        'invalid_config',
        'there are no servers; name a file with --config, or use --stdio or --url',
        {
          executed: 'no',
        },
      );
    }
    const servers = named === undefined ? [...choose(all)] : [named];
    await admit(config, servers, servers.length === 1 && !allowNone ? 'one' : 'many');
    const mcpServers = Object.create(null) as Record<string, ServerConfig>;
    // Of a toolkit that is changed later, the defaults of the files are those of each server.
    const defaults = lasting ? config.defaults : {};
    const forUse = handlers === undefined ? withoutCallers : (server: ServerConfig) => server;
    for (const name of servers)
      mcpServers[name] = forUse({ ...defaults, ...(config.mcpServers[name] as ServerConfig) });
    const chosen = { ...config, mcpServers, ...(lasting && { defaults: {} }) };
    const {
      problems: _p,
      files: _f,
      untrusted: _u,
      found: _w,
      aliases: _a,
      origins: _o,
      defaultOrigins: _d,
      gateway: _g,
      chat: _c,
      ...toolkitOptions
    } = chosen;
    const toolkit = await context.toolkit(
      {
        ...toolkitOptions,
        ...handlers,
        ...sampling?.(config),
        pinFile: pinFileOf(config, context),
        ...(output.verbose && listeners(output)),
      },
      {
        mcpServers: overrideServers({ servers: asConfigured }, (server, name) => agreedTo(server, config, name)),
        files: config.files,
        inputs: options.values('input'),
      },
    );
    if (!output.verbose) tellUnusable(toolkit, output);
    const session: Session = { toolkit, config: chosen, servers, ...(lasting && { lasting }) };
    const fromFiles = options.values('config').length > 0 || !all.includes(ADHOC);
    if (lasting && fromFiles) {
      const files = { files: options.values('config'), cwd: context.cwd, env: context.env };
      const changed = runChanges(options, lasting);
      await follow({ session, files, named, forThisRun: (server) => forUse(changed(server)) });
    }
    return session;
  };

/** What the line says over every server. */
const runChanges = (options: Options, lasting: boolean): ((server: ServerConfig) => ServerConfig) => {
  const timeoutMs = timeoutOf(options);
  return (server) => ({ ...server, ...limitTimes(server, timeoutMs), ...(!lasting && { maxRetries: 0 }) });
};

/** Where the tools of servers are pinned: in the folder of state, unless a file of the user's says otherwise. */
export const pinFileOf = ({ pinFile }: Pick<LoadedConfig, 'pinFile'>, { env }: Pick<CliContext, 'env'>): string =>
  pinFile ?? join(stateFolder({ env }), 'pins.json');

/** Throws `unknown_server` with the nearest names, or better ones, unless the server is configured. */
export const requireServer = (name: string, servers: readonly string[], better: string[] = []): void => {
  if (servers.includes(name)) return;
  const matches = better.length > 0 ? better : nearest(name, servers);
  throw new ToolwayError('unknown_server', `there is no server ${JSON.stringify(name)}`, { executed: 'no', matches });
};

/** Narrows to the server that a qualified name begins with; a bare name leaves all. */
export const serversOf = (name: string, servers: readonly string[]): readonly string[] => {
  const owner = servers.find((server) => name.startsWith(`${server}.`) || name.startsWith(`${server}__`));
  return owner === undefined ? servers : [owner];
};

/** The time limit of the line, in milliseconds. */
export const timeoutOf = (options: Options): number | undefined => {
  const given = options.value('timeout');
  if (given === undefined) return undefined;
  const timeoutMs = Number(given);
  if (given.trim() !== '' && timeoutMs > 0 && timeoutMs <= LONGEST_TIMER_MS) return timeoutMs;
  const fit =
    timeoutMs > LONGEST_TIMER_MS
      ? `at most ${LONGEST_TIMER_MS} milliseconds (24 days)`
      : 'a number of milliseconds above 0';
  throw usage(`--timeout must be ${fit}, not ${JSON.stringify(given)}`);
};

/** The configuration that the line asks for; its problems are told. */
export const configOf = async (
  context: Pick<CliContext, 'env' | 'cwd'>,
  options: Options,
  output: Output,
  lasting = false,
): Promise<LoadedConfig> => (await readConfig(context, options, output, lasting)).config;

/** A server as it is configured, once somebody has agreed to it here. */
const agreedTo = (server: ServerConfig, { mcpServers }: LoadedConfig, name: string): ServerConfig => {
  const { untrusted, ...agreed } = server;
  return untrusted === true && mcpServers[name]?.untrusted !== true ? agreed : server;
};

/** The same, and its servers without what the line says over them. */
const readConfig = async (
  context: Pick<CliContext, 'env' | 'cwd'>,
  options: Options,
  output: Output,
  lasting: boolean,
): Promise<{ config: LoadedConfig; asConfigured: Record<string, ServerConfig> }> => {
  const adhoc = adhocServer(options);
  const { env, cwd } = context;
  const files = options.values('config');
  const { loadConfig } = await import('../node/config-files.ts');
  const onlyAdhoc = adhoc !== undefined && files.length === 0;
  const config = await loadConfig({ files, cwd, env: onlyAdhoc ? withoutServers(env) : env, found: !onlyAdhoc });
  config.env = env;
  if (adhoc !== undefined) config.mcpServers[ADHOC] = adhoc;
  await remark(config, output);
  const asConfigured = config.mcpServers;
  config.mcpServers = overrideServers({ servers: asConfigured }, runChanges(options, lasting));
  return { config, asConfigured };
};

const withoutServers = (env: CliContext['env']): CliContext['env'] => {
  const { MCP_SERVER_URL: _url, TOOLWAY_CONFIG: _config, ...rest } = env;
  return rest;
};

const limitTimes = (server: ServerConfig, timeoutMs: number | undefined): ServerConfig => {
  if (timeoutMs === undefined) return {};
  const usual = server.command === undefined ? DEFAULT_CONNECT_TIMEOUT_MS.other : DEFAULT_CONNECT_TIMEOUT_MS.stdio;
  return {
    timeoutMs,
    totalTimeoutMs: Math.max(timeoutMs, server.totalTimeoutMs ?? DEFAULT_TOTAL_TIMEOUT_MS),
    connectTimeoutMs: Math.min(timeoutMs, server.connectTimeoutMs ?? usual),
  };
};

/** The server that the line itself describes, if it describes one. */
const adhocServer = (options: Options): ServerConfig | undefined => {
  const sources = (['stdio', 'url', 'server-command'] as const).filter((name) => options.flag(name));
  if (sources.length > 1) throw usage(`--${sources.join(' and --')} describe one server twice`);
  const needs = (option: OptionName, ...wanted: OptionName[]): void => {
    if (!options.flag(option) || wanted.some((name) => options.flag(name))) return;
    throw usage(`--${option} needs ${wanted.map((name) => `--${name}`).join(' or ')}`);
  };
  needs('transport', 'url');
  needs('header', 'url');
  needs('env', 'stdio', 'server-command');
  needs('server-args', 'server-command');

  const url = options.value('url');
  if (url !== undefined) return remoteServer(url, options);
  const line = options.value('stdio');
  const program = options.value('server-command');
  const [command, ...args] =
    program === undefined ? splitWords(line ?? '') : [program, ...options.values('server-args')];
  if (line === undefined && program === undefined) return undefined;
  if (command === undefined || command === '') throw usage('--stdio needs a command');
  const variables = options.values('env').map((given): [string, string] => {
    const at = given.indexOf('=');
    const name = at === -1 ? given : given.slice(0, at);
    if (name === '') throw usage(`--env ${JSON.stringify(given)} names no variable`);
    return [name, at === -1 ? `\${${name}}` : escapeReferences(given.slice(at + 1))];
  });
  const env = variables.length === 0 ? {} : { env: Object.fromEntries(variables) };
  return { command: escapeReferences(command), args: args.map(escapeReferences), ...env };
};

const remoteServer = (url: string, options: Options): ServerConfig => {
  if (!URL.canParse(url) || !/^(https?|wss?):$/.test(new URL(url).protocol)) {
    throw usage(`--url must be an http(s) or ws(s) URL, not ${JSON.stringify(url)}`);
  }
  const server: ServerConfig = { url };
  const kind = options.value('transport');
  if (kind !== undefined) {
    const read = readTransport(kind);
    if (!read.ok || read.value === 'stdio')
      throw usage(`--transport must be http, sse or ws, not ${JSON.stringify(kind)}`);
    server.transport = read.value;
  }
  const headers = options.values('header').map((given): [string, string] => {
    const at = given.indexOf(':');
    if (at < 1) throw usage(`--header ${JSON.stringify(given)} is not name:value`);
    return [given.slice(0, at).trim(), given.slice(at + 1).trim()];
  });
  if (headers.length > 0) server.headers = Object.fromEntries(headers);
  return server;
};

const remark = async ({ problems, untrusted }: LoadedConfig, output: Output): Promise<void> => {
  for (const problem of problems) {
    if (problem.level === 'warning' || (problem.level === 'note' && output.verbose)) {
      await output.note(output.remarks.yellow(safeLine(`toolway: ${describeProblem(problem)}`)));
    }
  }
  for (const file of untrusted) {
    await output.note(
      safeLine(`toolway: nobody has agreed to what ./${file} starts; "toolway trust" shows it and asks`),
    );
  }
};

/** What is heard without `-v` of what goes wrong beside the command: a file that cannot be used. */
const tellUnusable = (toolkit: Toolkit, output: Output): void => {
  toolkit.on('warning', ({ message, cause }) => {
    if (cause instanceof ToolwayError && cause.code === 'invalid_config')
      void output.note(output.remarks.yellow(safeLine(`toolway: ${message}`)));
  });
};

/** What `-v` hears: Toolway itself, and what servers log. */
const listeners = (output: Output): Pick<ToolkitOptions, 'logger' | 'onLog'> => {
  const say = (message: string): void => void output.note(output.remarks.dim(safeLine(message)));
  const own = (message: string): void => say(`toolway: ${message}`);
  return {
    logger: { debug: own, info: own, warn: own, error: own },
    onLog({ level, data }, { server }) {
      say(`${server}: ${level}: ${typeof data === 'string' ? data : safeJson(data, 0)}`);
    },
  };
};
