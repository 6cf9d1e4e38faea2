/** What a command is: plain data, and one function that never touches the process. */
import type { Toolkit } from '../api.ts';
import type { LoadedConfig } from '../node/config-files.ts';
import type { ToolkitOptions } from '../options.ts';
import type { OptionName, Options } from './options.ts';
import type { Output } from './output.ts';

/** Somewhere to write. A write is over when the operating system has taken it. */
export interface Sink {
  write(chunk: string | Uint8Array): Promise<void>;
  readonly isTty: boolean;
  readonly columns?: number;
}

/** The world around the command line; tests bring their own. */
export interface CliContext {
  stdout: Sink;
  stderr: Sink;
  /** Everything on stdin, once. */
  stdin(): Promise<string>;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  version: string;
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal;
  toolkit(options: ToolkitOptions): Promise<Toolkit>;
}

/** A toolkit, and the configuration it was made from. */
export interface Session {
  toolkit: Toolkit;
  config: LoadedConfig;
  /** Server names in configuration order. */
  servers: string[];
}

/** What a command is given to do its work. */
export interface Job {
  args: readonly string[];
  options: Options;
  output: Output;
  context: CliContext;
  /**
   * Loads the configuration and makes the toolkit. `choose` narrows the servers that are started; with `allowNone`
   * it is no error that there are none.
   */
  open(wish?: { choose?(servers: readonly string[]): readonly string[]; allowNone?: boolean }): Promise<Session>;
}

/** Does the work and says how it ended, as an exit code. What it throws is reported by the caller. */
export type Run = (job: Job) => Promise<number>;

/** One command. Its data is always loaded, its code only when it runs. */
export interface Command {
  summary: string;
  /** The positionals, as the help shows them. */
  usage: string;
  example: string;
  /** What the help says beside the options. */
  details?: string;
  options?: readonly OptionName[];
  /** How many positionals there may be. Default: none, and no end. */
  positionals?: { min?: number; max?: number };
  /** Older or other names. */
  aliases?: readonly string[];
  load(): Promise<{ run: Run }>;
}
