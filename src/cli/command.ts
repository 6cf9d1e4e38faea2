/** What a command is: plain data, and one function that never touches the process. */
import type { Toolkit } from '../api.ts';
import type { Handlers } from '../handlers.ts';
import type { LoadedConfig } from '../node/config-files.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';
import type { Line } from './args.ts';
import type { CommandLog } from './log-file.ts';
import type { OptionName, Options } from './options.ts';
import type { Output } from './output.ts';
import type { Screen } from './screen.ts';

/** Somewhere to write. A write is over when the operating system has taken it. */
export interface Sink {
  write(chunk: string | Uint8Array): Promise<void>;
  readonly isTty: boolean;
  readonly columns?: number;
}

/** One line that a person is asked for. */
export interface Question {
  /** What stands before the line. Text of a server must have passed `safeLine`. */
  prompt: string;
  /** What stands in the line already, as if it had been typed. */
  initial?: string;
  /** Earlier lines, the newest first. */
  history?: readonly string[];
  /** What the line up to the cursor may go on with, and the end of it that these take the place of. */
  complete?(line: string): Promise<[candidates: string[], replaced: string]>;
  /** What is pasted is part of the one answer, with its line ends, where `listen` heeds pastes; Alt-Enter and Ctrl-J end the line alone. */
  multiline?: boolean;
  /** What is typed is not shown. */
  hidden?: boolean;
  /** What was typed or pasted before it was asked is no answer, and is dropped. */
  fresh?: boolean;
  /** Ends the question. */
  signal?: AbortSignal;
}

/** A line, or how the question ended without one: by Ctrl-C, by Ctrl-D, or by its signal. `goesOn`: another line belongs to it. */
export type Reply = { line: string; goesOn?: true } | { ended: 'interrupt' | 'end' | 'aborted'; typed?: string };

/** Somebody who can be asked. */
export interface Terminal {
  /** Asks; a question that is asked while another one is open comes before it. */
  read(question: Question): Promise<Reply>;
  /** Writes lines above the one that is being typed, which stays as it is. */
  above(text: string): void;
  /** Asks the terminal itself by an escape sequence, and gives its answer; none after `waitMs`. What is typed meanwhile is read afterwards. */
  query(question: string, answer: RegExp, waitMs: number): Promise<string | undefined>;
  /**
   * From now on Ctrl-C is this, not the end of the program, while no question is open. Gives the means to stop, once.
   * With `pastes`, what is pasted is told from what is typed, and Ctrl-D voids what was typed ahead. Default: not.
   */
  listen(onInterrupt: () => void, options?: { pastes?: boolean }): () => void;
}

/** The world around the command line; tests bring their own. */
export interface CliContext {
  stdout: Sink;
  stderr: Sink;
  /** Everything on stdin, once. */
  stdin(): Promise<string>;
  /** The lines of stdin as they come. */
  lines(): AsyncIterable<string>;
  /** The bytes of stdin as they come. */
  bytes(): AsyncIterable<Uint8Array>;
  /** There only where a person can be asked: stdin and stderr are a terminal. */
  terminal?(): Promise<Terminal>;
  /** Opens a URL, which is http or https, in the browser of whoever sits here. */
  openUrl(url: string): Promise<void>;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  version: string;
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal;
  toolkit(options: ToolkitOptions, source?: ToolkitSource): Promise<Toolkit>;
  /** Toolkits stay when the line has ended, and others go on with them. */
  keepsToolkits?: true;
  /** From now on an interrupted command has this long to end, in milliseconds. */
  grace?(ms: number): void;
}

/** What a toolkit is made of, for whoever keeps it for further lines. */
export interface ToolkitSource {
  /** Every server of the configuration, as it says: without the limits of the line. */
  mcpServers: Readonly<Record<string, ServerConfig>>;
  /** Where that was read. */
  files: readonly string[];
  /** The values that the line gives to inputs. */
  inputs: readonly string[];
  /** Answers the inputs that these servers need. */
  answer?(servers: Record<string, ServerConfig>): Promise<Pick<ToolkitOptions, 'env' | 'onInput'>>;
}

/** A toolkit, and the configuration it was made from. */
export interface Session {
  toolkit: Toolkit;
  config: LoadedConfig;
  /** Server names in configuration order. */
  servers: string[];
  /** It goes on after this command: what is not there now may be there later. */
  lasting?: true;
  /** Hears of what its files say of a gateway, when that has changed. */
  onGateway?: (config: LoadedConfig) => void;
}

/** All commands, by name. */
export type CommandTable = Readonly<Record<string, Command>>;

/** The command line itself, for commands that read lines of it. */
export interface CommandLine {
  commands: CommandTable;
  /** Takes a line apart. Throws `invalid_arguments` for what is unknown or incomplete, with the nearest name. */
  parse(argv: readonly string[]): Line;
  /** The help of one command. */
  help(name: string): Promise<string>;
  /** Runs a line in a world of its own, and gives its exit code. Never throws. */
  run(argv: readonly string[], context: CliContext): Promise<number>;
}

/** What a command is given to do its work. */
export interface Job {
  line: CommandLine;
  args: readonly string[];
  options: Options;
  output: Output;
  context: CliContext;
  screen: Screen;
  open: Open;
  /** The structured log, where one is wanted. */
  log: CommandLog | undefined;
}

/** What a command wants of its servers. */
export interface SessionWish {
  /** Narrows the servers that are started. */
  choose?(servers: readonly string[]): readonly string[];
  /** It is no error that there are none. */
  allowNone?: boolean;
  /** Servers that are lost are connected again, as their configuration says; else they are given up at once. */
  lasting?: boolean;
  /** Who answers what servers ask, instead of the person who sits here. */
  handlers?: Handlers;
  /** Who answers what servers ask of a model, with the configuration that was read. Servers are told of it as they are connected. */
  sampling?(config: LoadedConfig): Pick<Handlers, 'onSample' | 'onRefused'>;
}

/** Loads the configuration and makes the toolkit. */
export type Open = (wish?: SessionWish) => Promise<Session>;

/** Does the work and says how it ended, as an exit code. What it throws is reported by the caller. */
export type Run = (job: Job) => Promise<number>;

/** One command. Its data is always loaded, its code only when it runs. */
export interface Command {
  summary: string;
  /**
   * The positionals, as the help shows them. Completion reads them too: `SERVER`, `SERVER.TOOL`, `SERVER.PROMPT`, `URI`,
   * `TEMPLATE`, `COMMAND`, `FILE…`, `key=value`, and words like `one|two` stand for what they say.
   */
  usage: string;
  example: string;
  /** What the help says beside the options. */
  details?: string;
  options?: readonly OptionName[];
  /** How many positionals there may be. Default: none, and no end. */
  positionals?: { min?: number; max?: number };
  /** Older or other names. */
  aliases?: readonly string[];
  /** `false`: it makes no sense inside of `toolway shell`. */
  inShell?: false;
  /** It can be run by the daemon, with servers that are there already. */
  warm?: true;
  load(): Promise<{ run: Run }>;
}
