import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ToolwayError } from '../errors.ts';

/** Refuses, with `invalid_config`, what cannot be handed to a program, or only so that it arrives as something else. */
export const checkLaunch = (command: string, args: readonly string[], server?: string): void => {
  const refuse = (what: string): never => {
    throw new ToolwayError('invalid_config', what, { server, executed: 'no' });
  };
  if (command.trim() === '') refuse('the command is empty');
  for (const [index, text] of [command, ...args].entries()) {
    if (!/[\0\r\n]/.test(text)) continue;
    const name = index === 0 ? 'the command' : `argument ${index} of ${JSON.stringify(command)}`;
    refuse(`${name} holds a line break or a NUL character`);
  }
};

/** Says in words why a program could not be started: `spawn_failed`. */
export const spawnFailure = async (command: string, cwd: string | undefined, error: unknown): Promise<ToolwayError> => {
  const reason = await describe(command, cwd, error);
  return new ToolwayError('spawn_failed', `cannot start ${JSON.stringify(command)}: ${reason}`, { cause: error });
};

const describe = async (command: string, cwd: string | undefined, error: unknown): Promise<string> => {
  // The system reports a bad working directory as if the program were missing.
  if (cwd !== undefined && !(await isDirectory(cwd)))
    return `the working directory ${JSON.stringify(cwd)} does not exist`;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      if (!/[/\\]/.test(command)) return 'there is no such command on PATH';
      return existsSync(resolve(cwd ?? '.', command))
        ? 'the interpreter it names does not exist'
        : 'there is no such file';
    case 'EACCES':
      return 'permission denied, or not a program';
    case 'E2BIG':
      return 'its arguments and environment are too long for this system';
    default:
      return error instanceof Error ? error.message : String(error);
  }
};

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
