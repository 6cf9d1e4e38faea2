/** A whole configuration, from what a file's text parsed to: `unknown` in, servers and problems out. */
import type { Limits, ServerConfig } from '../options.ts';
import type { PinMode, Policy } from '../permission.ts';
import { serverAlias } from './alias.ts';
import { isServerName } from './names.ts';
import { nearest } from './nearest.ts';
import { readPermissions } from './permission.ts';
import { pointerStep } from './places.ts';
import type { ConfigProblem, Where } from './problem.ts';
import { count, isObject, kindOf } from './readers.ts';
import { readFields, readServer, type Suggest, unusableServer } from './server.ts';

/** What a configuration says. `aliases` gives the name in the file for each server that could not keep it. */
export interface ParsedConfig {
  servers: Record<string, ServerConfig>;
  defaults: Partial<ServerConfig>;
  limits: Limits;
  policy?: Policy;
  pins?: PinMode;
  aliases: Record<string, string>;
  problems: ConfigProblem[];
}

/** The keys under which files hold their servers. */
const ROOT_KEYS = ['mcpServers', 'servers', 'mcp_servers'] as const;

const OTHER_KEYS = ['defaults', 'limits', 'policy', 'pins'];
const WITHOUT_EFFECT = ['batchWindowMs', 'catalogueFile', 'pinFile'];
const LIMITS: readonly (keyof Limits)[] = [
  'maxQueue',
  'maxDepth',
  'maxPages',
  'maxTools',
  'maxListBytes',
  'maxInputRounds',
  'approvalTimeoutMs',
];

/** A configuration that says nothing. Its records have no prototype: names come from files. */
export const emptyConfig = (): ParsedConfig => ({
  servers: Object.create(null) as Record<string, ServerConfig>,
  defaults: {},
  limits: {},
  aliases: Object.create(null) as Record<string, string>,
  problems: [],
});

/** Reads a configuration in any host's spelling. A server that is wrong fails alone; it never throws. */
export const parseConfig = async (value: unknown, where: Where = () => ({})): Promise<ParsedConfig> => {
  const parsed = emptyConfig();
  await readRoot(value, parsed, where);
  parsed.problems = parsed.problems.map((problem) => ({ ...problem, ...where(problem.path) }));
  return parsed;
};

const readRoot = async (value: unknown, parsed: ParsedConfig, where: Where): Promise<void> => {
  const { problems } = parsed;
  if (!isObject(value)) {
    problems.push({ level: 'error', path: '', message: `a configuration must be an object, not ${kindOf(value)}` });
    return;
  }
  const roots = ROOT_KEYS.filter((key) => Object.hasOwn(value, key));
  for (const key of roots) await readServers(value[key], pointerStep(key), parsed, where);
  if (roots.length > 1) {
    problems.push({ level: 'warning', path: '', message: `has ${roots.join(' and ')}; the servers of all are used` });
  }
  readDefaults(value.defaults, parsed);
  readLimits(value.limits, parsed);
  const { problems: wrong, ...permissions } = readPermissions(value, suggest);
  Object.assign(parsed, permissions);
  problems.push(...wrong);
  checkRoot(value, roots.length > 0, problems);
};

const readServers = async (value: unknown, path: string, parsed: ParsedConfig, where: Where): Promise<void> => {
  const { servers, aliases, problems } = parsed;
  if (!isObject(value)) {
    problems.push({ level: 'error', path, message: `must be an object of servers by name, not ${kindOf(value)}` });
    return;
  }
  for (const [original, entry] of Object.entries(value)) {
    const here = path + pointerStep(original);
    const name = isServerName(original) ? original : await serverAlias(original);
    if (Object.hasOwn(servers, name)) {
      const message = `the name ${name} is taken`;
      const twice: ConfigProblem = { level: 'error', server: name, path: here, message, ...where(here) };
      problems.push(twice);
      servers[name] = unusableServer(name, [twice]);
      continue;
    }
    if (name !== original) aliases[name] = original;
    const server = readServer(name, entry, here, where, suggest);
    servers[name] = server.config;
    problems.push(...server.problems);
  }
};

const readDefaults = (value: unknown, parsed: ParsedConfig): void => {
  if (value === undefined || value === null) return;
  if (!isObject(value)) {
    parsed.problems.push({ level: 'error', path: '/defaults', message: `must be an object, not ${kindOf(value)}` });
    return;
  }
  const { config, problems } = readFields(value, '/defaults', suggest);
  parsed.defaults = config;
  parsed.problems.push(...problems);
};

const readLimits = (value: unknown, { limits, problems }: ParsedConfig): void => {
  if (value === undefined || value === null) return;
  if (!isObject(value)) {
    problems.push({ level: 'error', path: '/limits', message: `must be an object, not ${kindOf(value)}` });
    return;
  }
  for (const [name, given] of Object.entries(value)) {
    const path = `/limits${pointerStep(name)}`;
    const limit = LIMITS.find((known) => known === name);
    const read = count(given);
    if (limit === undefined) {
      const [close] = nearest(name, LIMITS);
      const hint = close === undefined ? `; there are ${LIMITS.join(', ')}` : `; did you mean ${close}?`;
      problems.push({ level: 'warning', path, message: `is not a limit${hint}` });
    } else if (read.ok) limits[limit] = read.value;
    else problems.push({ level: 'error', path, message: read.message });
  }
};

const checkRoot = (value: Record<string, unknown>, hasServers: boolean, problems: ConfigProblem[]): void => {
  const known = [...ROOT_KEYS, ...OTHER_KEYS, ...WITHOUT_EFFECT];
  for (const name of Object.keys(value)) {
    const path = pointerStep(name);
    if (WITHOUT_EFFECT.includes(name)) {
      problems.push({ level: 'warning', path, message: 'has no effect in this version' });
    } else if (!known.includes(name)) {
      const [close] = nearest(name, known);
      if (close !== undefined && !Object.hasOwn(value, close)) {
        problems.push({ level: 'warning', path, message: `is not a field; did you mean ${close}?` });
      }
    }
  }
  const recognised = hasServers || Object.keys(value).some((name) => known.includes(name));
  if (!recognised && Object.keys(value).length > 0) {
    problems.push({ level: 'error', path: '', message: `holds no servers: none of ${ROOT_KEYS.join(', ')} is there` });
  }
};

const suggest: Suggest = (name, known) => nearest(name, known)[0];
