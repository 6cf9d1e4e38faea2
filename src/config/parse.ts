/** A whole configuration, from what a file's text parsed to: `unknown` in, servers and problems out. */
import type { Problem } from '../errors.ts';
import type { InputDefinition, Limits, ServerConfig } from '../options.ts';
import type { PinMode, Policy } from '../permission.ts';
import { serverAlias } from './alias.ts';
import { type ChatSettings, readChat } from './chat.ts';
import type { Dialect } from './dialect.ts';
import { PLAIN } from './dialects.ts';
import { type GatewaySettings, readGateway } from './gateway.ts';
import { readInputs } from './inputs.ts';
import { isServerName } from './names.ts';
import { nearest } from './nearest.ts';
import type { Origins } from './origin.ts';
import { readPermissions } from './permission.ts';
import { pointerStep, pointerSteps } from './places.ts';
import type { ConfigProblem, Where } from './problem.ts';
import { isObject, kindOf } from './readers.ts';
import { type Folders, inputsOf } from './references.ts';
import { OF_PROGRAMS, ROOT_SETTINGS, type RootSettings, readLimits, readRootSettings } from './root-settings.ts';
import { readFields, readServer, type Suggest, unusableServer } from './server.ts';

/** What a configuration says. */
export interface ParsedConfig extends RootSettings {
  servers: Record<string, ServerConfig>;
  defaults: Partial<ServerConfig>;
  limits: Limits;
  policy?: Policy;
  pins?: PinMode;
  gateway?: GatewaySettings;
  chat?: ChatSettings;
  /** What `${input:id}` stands for. */
  inputs: InputDefinition[];
  /** The name in the file for each server that could not keep it. */
  aliases: Record<string, string>;
  /** Where the fields of each server were given. */
  origins: Record<string, Origins>;
  /** Where the fields of `defaults` were given. */
  defaultOrigins: Origins;
  /** Where `policy`, `pins`, `pinFile`, … and each of the `limits` were given, as `limits/NAME`. */
  rootOrigins: Origins;
  problems: ConfigProblem[];
}

/** What reading depends on beside the text. */
export interface ParseOptions {
  /** Default: nothing is known about places. */
  where?: Where;
  /** The host's shape. Default: `plain`. */
  dialect?: Dialect;
  /** What `${workspaceFolder}` and the like stand for, in files of hosts that have them. */
  folders?: Folders;
}

/** What is handed down while one configuration is read. */
interface Reading {
  parsed: ParsedConfig;
  where: Where;
  dialect: Dialect;
  folders: Folders | undefined;
  /** Why an input cannot be had, by id; those that are in `parsed.inputs` can. */
  refused: ReadonlyMap<string, string>;
}

/** The keys under which they say what may not be done. */
const GUARDS = ['policy', 'pins', 'pinFile', 'gateway'];
const OTHER_KEYS = ['defaults', 'limits', 'policy', 'pins', 'gateway', 'chat', 'inputs', '$schema', ...ROOT_SETTINGS];
/** A configuration that says nothing. Its records have no prototype: names come from files. */
export const emptyConfig = (): ParsedConfig => ({
  servers: Object.create(null) as Record<string, ServerConfig>,
  defaults: {},
  limits: {},
  inputs: [],
  aliases: Object.create(null) as Record<string, string>,
  origins: Object.create(null) as Record<string, Origins>,
  defaultOrigins: {},
  rootOrigins: {},
  problems: [],
});

/** Reads a configuration in any host's spelling. A server that is wrong fails alone; it never throws. */
export const parseConfig = async (
  value: unknown,
  { where = () => ({}), dialect = PLAIN, folders }: ParseOptions = {},
): Promise<ParsedConfig> => {
  const parsed = emptyConfig();
  if (isObject(value)) await readRoot(value, { parsed, where, dialect, folders, refused: new Map() });
  else {
    const message = `a configuration must be an object, not ${kindOf(value)}`;
    parsed.problems.push({ level: 'error', path: '', message });
  }
  parsed.problems = parsed.problems.map((problem) => ({ ...problem, ...where(problem.path) }));
  return parsed;
};

const readRoot = async (value: Record<string, unknown>, reading: Reading): Promise<void> => {
  const { parsed, dialect, folders } = reading;
  const { problems } = parsed;
  const own = rootsIn(value, dialect, folders);
  const roots = own.length > 0 || dialect === PLAIN ? own : rootsIn(value, PLAIN, folders);
  const inputs = rootsOfInputs(value, roots).map(([path, given]) => readInputs(given, path));
  parsed.inputs = inputs.flatMap(({ definitions }) => definitions);
  problems.push(...inputs.flatMap((read) => read.problems));
  const refused = new Map(inputs.flatMap((read) => [...read.refused]));
  for (const [path, servers] of roots) await readServers(value, servers, path, { ...reading, refused });
  if (dialect.isSettings) return;
  if (roots.length > 1) {
    const names = roots.map(([path]) => path.slice(1)).join(' and ');
    problems.push({ level: 'warning', path: '', message: `has ${names}; the servers of all are used` });
  }
  readDefaults(value.defaults, reading);
  parsed.limits = readLimits(value.limits, problems);
  const settings = readRootSettings(value, problems);
  const { problems: wrong, ...permissions } = readPermissions(value, suggest);
  // In the files of other hosts the word means something else.
  const { problems: unread, ...door } = readGateway(dialect === PLAIN ? value.gateway : undefined, suggest);
  const { problems: unheard, ...talk } = readChat(dialect === PLAIN ? value.chat : undefined, suggest);
  Object.assign(parsed, permissions, settings, door, talk);
  problems.push(...wrong, ...unread, ...unheard);
  const given = [
    ...Object.keys({ ...permissions, ...settings, ...door, ...talk }),
    ...Object.keys(parsed.limits).map((name) => `limits/${name}`),
  ];
  parsed.rootOrigins = originsOf(Object.fromEntries(given.map((field) => [field, `/${field}`])), reading.where);
  checkRoot(value, roots.length > 0, reading);
};

/** The places of a file that hold servers: the JSON Pointer of each, and what is there. */
const rootsIn = (value: unknown, { roots }: Dialect, folders?: Folders): [path: string, servers: unknown][] =>
  roots.flatMap((steps): [string, unknown][] => {
    let here: unknown = value;
    let path = '';
    for (const step of steps) {
      const key = step === '${workspaceFolder}' ? folders?.workspaceFolder : step;
      if (key === undefined || !isObject(here) || !Object.hasOwn(here, key)) return [];
      here = here[key];
      path += pointerStep(key);
    }
    return [[path, here]];
  });

/** `inputs` stands beside the servers. */
const rootsOfInputs = (value: unknown, roots: readonly [string, unknown][]): [path: string, inputs: unknown][] => {
  const parents = new Set(roots.map(([path]) => path.slice(0, path.lastIndexOf('/'))));
  return [...parents].flatMap((parent): [string, unknown][] => {
    let here: unknown = value;
    for (const step of pointerSteps(parent)) here = isObject(here) ? here[step] : undefined;
    return isObject(here) && Object.hasOwn(here, 'inputs') ? [[`${parent}/inputs`, here.inputs]] : [];
  });
};

const readServers = async (
  root: Record<string, unknown>,
  value: unknown,
  path: string,
  { parsed, where, dialect, folders, refused }: Reading,
): Promise<void> => {
  const { servers, aliases, origins, problems } = parsed;
  if (!isObject(value)) {
    problems.push({ level: 'error', path, message: `must be an object of servers by name, not ${kindOf(value)}` });
    return;
  }
  const known = new Set(parsed.inputs.map(({ id }) => id));
  const check = (config: Partial<ServerConfig>): Problem[] =>
    inputsOf(config).flatMap(({ id, path }) => {
      if (known.has(id)) return [];
      const [close] = nearest(id, known);
      const reason =
        refused.get(id) ?? `is not among the inputs${close === undefined ? '' : `; did you mean ${close}?`}`;
      return [{ path, message: `\${input:${id}} ${reason}` }];
    });
  for (const [original, entry] of Object.entries(value)) {
    const here = path + pointerStep(original);
    const skipped = isObject(entry) ? dialect.skip?.(entry) : undefined;
    if (skipped !== undefined) {
      problems.push({ level: 'note', path: here, message: skipped });
      continue;
    }
    const name = isServerName(original) ? original : await serverAlias(original);
    if (Object.hasOwn(servers, name) && !dialect.laterRootWins) {
      const message = `the name ${name} is taken`;
      const twice: ConfigProblem = { level: 'error', server: name, path: here, message, ...where(here) };
      problems.push(twice);
      servers[name] = unusableServer(name, [twice]);
      continue;
    }
    if (name !== original) aliases[name] = original;
    const server = readServer(name, entry, here, where, { suggest, dialect, folders, check });
    const isOff = dialect.isSwitchedOff?.(root, original) === true;
    servers[name] = isOff ? { ...server.config, disabled: true } : server.config;
    origins[name] = originsOf(server.sources, where);
    problems.push(...server.problems);
  }
};

const originsOf = (sources: Readonly<Record<string, string>>, where: Where): Origins => {
  const origins = Object.create(null) as Origins;
  for (const [field, path] of Object.entries(sources)) origins[field] = { kind: 'file', ...where(path) };
  return origins;
};

const readDefaults = (value: unknown, { parsed, where, dialect, folders }: Reading): void => {
  if (value === undefined || value === null) return;
  if (!isObject(value)) {
    parsed.problems.push({ level: 'error', path: '/defaults', message: `must be an object, not ${kindOf(value)}` });
    return;
  }
  const { config, problems, sources } = readFields(value, '/defaults', { suggest, dialect, folders });
  parsed.defaults = config;
  parsed.defaultOrigins = originsOf(sources, where);
  parsed.problems.push(...problems);
};

const checkRoot = (value: Record<string, unknown>, hasServers: boolean, { parsed, dialect }: Reading): void => {
  const { problems } = parsed;
  const rootKeys = PLAIN.roots.flat();
  const known = [...rootKeys, ...OTHER_KEYS];
  for (const name of Object.keys(value)) {
    const path = pointerStep(name);
    if (OF_PROGRAMS.includes(name)) {
      // In the files of other hosts the same words mean something else.
      const message = 'has no effect here: it is an option of createToolkit, which programs set and files do not';
      if (dialect === PLAIN) problems.push({ level: 'warning', path, message });
    } else if (!known.includes(name)) {
      const [close] = nearest(name, known);
      if (close !== undefined && !Object.hasOwn(value, close)) {
        // Other hosts keep much else beside their servers; but rules that are not read would let everything pass.
        const level = GUARDS.includes(close) ? 'error' : 'warning';
        problems.push({ level, path, message: `is not a field; did you mean ${close}?` });
      }
    }
  }
  const recognised = hasServers || Object.keys(value).some((name) => known.includes(name));
  if (!recognised && Object.keys(value).length > 0) {
    problems.push({ level: 'error', path: '', message: `holds no servers: none of ${rootKeys.join(', ')} is there` });
  }
};

const suggest: Suggest = (name, known) => nearest(name, known)[0];
