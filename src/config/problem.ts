/** What is wrong with a configuration, and where. */
import type { Problem } from '../errors.ts';

/**
 * `error`: the server (or, without one, the file) cannot be used. `warning`: probably not what was meant.
 * `note`: a field that Toolway does not know; other hosts have fields of their own.
 */
export type ProblemLevel = 'error' | 'warning' | 'note';

/** One thing wrong at one place of a configuration. `path` is a JSON Pointer into the file. */
export interface ConfigProblem extends Problem {
  level: ProblemLevel;
  server?: string;
  file?: string;
  line?: number;
  column?: number;
}

/** Tells where the value at a JSON Pointer stands. */
export type Where = (path: string) => Pick<ConfigProblem, 'file' | 'line' | 'column'>;

/** `file:line:column: path: message`, as far as the parts are known. */
export const describeProblem = ({ file, line, column, path, message }: ConfigProblem): string => {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  return [place, path, message].filter((part) => part !== '').join(': ');
};
