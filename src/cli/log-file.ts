/** `TOOLWAY_LOG`: the structured log of a command, a line of JSON for everything that happens, on stderr or in a file. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { ToolwayError } from '../errors.ts';
import type { LogSeverity } from '../options.ts';
import type { CliContext } from './command.ts';

/** Where lines go. */
export interface CommandLog {
  readonly level: LogSeverity;
  /** Takes a line without its end. It is written with the others of the same round of the event loop. */
  write(line: string): void;
  /** Writes what is not written yet. */
  flush(): void;
}

const LEVELS: readonly LogSeverity[] = ['debug', 'info', 'warn', 'error'];

/**
 * A level alone (`debug`, `info`, `warn`, `error`) writes to stderr; anything else is the path of a file, which may have
 * a level before it (`debug:/var/log/toolway.log`) and is added to, readable by its owner alone. Throws `invalid_config`
 * where the file cannot be opened.
 */
export const openLog = ({ env, cwd, stderr }: Pick<CliContext, 'env' | 'cwd' | 'stderr'>): CommandLog | undefined => {
  const given = env.TOOLWAY_LOG ?? '';
  if (given === '') return undefined;
  const { level, path } = read(given);
  const put = path === undefined ? (text: string) => void stderr.write(text) : toFile(path, cwd);
  let waiting = '';
  const flush = (): void => {
    const text = waiting;
    waiting = '';
    if (text !== '') put(text);
  };
  return {
    level,
    write(line) {
      if (waiting === '') setImmediate(flush);
      waiting += `${line}\n`;
    },
    flush,
  };
};

const read = (given: string): { level: LogSeverity; path?: string } => {
  const [first = '', ...rest] = given.split(':');
  const level = LEVELS.find((known) => known === first.toLowerCase());
  if (level === undefined) return { level: 'info', path: given };
  return rest.length === 0 ? { level } : { level, path: rest.join(':') };
};

/** A log that cannot be written any more, on a full disk, is given up: it is no reason to end what is logged. */
const toFile = (path: string, cwd: string): ((text: string) => void) => {
  const file = isAbsolute(path) ? path : resolve(cwd, path);
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'a', 0o600);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ToolwayError('invalid_config', `TOOLWAY_LOG cannot be written: ${why}`, { executed: 'no', cause });
  }
  return (text) => {
    if (descriptor === undefined) return;
    try {
      writeSync(descriptor, text);
    } catch {
      closeSync(descriptor);
      descriptor = undefined;
    }
  };
};
