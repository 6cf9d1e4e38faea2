/** Options of a toolkit that are not what they usually are. Loaded with the first of them. */
import { nearest } from '../config/nearest.ts';
import type { ConfigProblem } from '../config/problem.ts';
import { readLimits, readRootSettings } from '../config/root-settings.ts';
import { ToolwayError } from '../errors.ts';
import type { ToolkitOptions } from '../options.ts';

const CONNECT: readonly unknown[] = [undefined, 'eager', 'lazy', 'wait'];

/** Throws `invalid_config` for what is no options, for a name that one of `known` was probably meant by, for a `connect` or servers that are none, and for numbers that cannot be limits. */
export const checkOddOptions = (given: unknown, known: readonly string[]): void => {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw unusable('', 'the options must be an object');
  for (const [name, value] of Object.entries(given)) {
    const [meant] = known.includes(name) ? [] : nearest(name, known);
    if (meant !== undefined && value !== undefined)
      throw unusable(`/${name}`, `${name} is no option; did you mean ${meant}?`);
  }
  if ('connect' in given && !CONNECT.includes(given.connect))
    throw unusable('/connect', `connect must be one of eager, lazy, wait, not ${JSON.stringify(given.connect)}`);
  const { mcpServers = {} }: Partial<Record<string, unknown>> = { ...given };
  if (typeof mcpServers !== 'object' || mcpServers === null || Array.isArray(mcpServers))
    throw unusable('/mcpServers', 'mcpServers must be an object of servers by name');
  checkNumbers(given);
};

/** Throws `invalid_config` for limits and times that cannot be any. */
const checkNumbers = ({ limits, batchWindowMs }: Partial<ToolkitOptions>): void => {
  const problems: ConfigProblem[] = [];
  readLimits(limits, problems);
  readRootSettings({ batchWindowMs }, problems);
  const [first] = problems.filter(({ level }) => level === 'error');
  if (first !== undefined) throw unusable(first.path, `${first.path.slice(1).replaceAll('/', '..')} ${first.message}`);
};

const unusable = (path: string, message: string): ToolwayError =>
  new ToolwayError('invalid_config', message, { executed: 'no', problems: [{ path, message }] });
