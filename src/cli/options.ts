/** Every option of every command: one meaning per name, so that options may stand anywhere on the line. */

export interface OptionSpec {
  type: 'boolean' | 'string';
  multiple?: true;
  short?: string;
  /** What the value is called in the help, or all that it may be with bars between; FILE, DIR and CMD are completed. */
  value?: string;
  help: string;
  /** The value may begin with a dash even when it is a word of its own. */
  dash?: true;
}

export const OPTIONS = {
  config: { type: 'string', multiple: true, value: 'FILE', help: 'read servers from this file (repeatable)' },
  stdio: { type: 'string', value: '"CMD ARGS"', help: 'a server that is in no file, started by this command line' },
  url: { type: 'string', value: 'URL', help: 'a server that is in no file, at this address' },
  transport: { type: 'string', value: 'http|sse|ws', help: 'how to speak to --url' },
  header: {
    type: 'string',
    multiple: true,
    value: 'K:V',
    help: `an HTTP header for --url, with \${VAR} filled in (repeatable)`,
  },
  env: {
    type: 'string',
    multiple: true,
    value: 'K=V',
    help: 'a variable for --stdio; K alone passes yours on (repeatable)',
  },
  input: {
    type: 'string',
    multiple: true,
    value: 'ID=VALUE',
    help: 'answer an input of the configuration (repeatable)',
  },
  'server-command': { type: 'string', value: 'CMD', help: 'like --stdio, the program alone' },
  'server-args': { type: 'string', multiple: true, value: 'ARG', dash: true, help: 'one argument of it (repeatable)' },
  server: { type: 'string', multiple: true, value: 'NAME', help: 'use this server only' },
  json: { type: 'boolean', help: 'print one JSON document' },
  timeout: { type: 'string', value: 'MS', help: 'longest time without an answer or progress' },
  quiet: { type: 'boolean', help: 'say nothing on stderr but errors' },
  verbose: { type: 'boolean', short: 'v', help: 'say more on stderr' },
  'no-color': { type: 'boolean', help: 'no colours' },
  yes: { type: 'boolean', help: 'answer every question with yes' },
  'keep-alive': { type: 'boolean', help: 'leave the servers to a daemon, and use those that it has' },
  'no-keep-alive': { type: 'boolean', help: 'do without the daemon' },
  help: { type: 'boolean', short: 'h', help: 'print help' },
  version: { type: 'boolean', help: 'print the version' },
  args: { type: 'string', value: 'JSON|@FILE|-', help: 'all arguments as one JSON object' },
  save: { type: 'string', value: 'DIR', help: 'write images, audio and blobs into this folder, not a temporary one' },
  out: { type: 'string', short: 'o', value: 'FILE', help: 'write into this file' },
  concurrency: { type: 'string', value: 'N', help: 'calls under way at a time (16)' },
  resume: { type: 'boolean', help: 'go on where an earlier run has ended (a chat: --resume ID)' },
  limit: { type: 'string', value: 'N', help: 'print this many at most (20)' },
  'max-output': { type: 'string', value: 'BYTES', help: 'a result that is longer goes to a file, which is named' },
  list: { type: 'boolean', help: 'print everything that was agreed to' },
  revoke: { type: 'boolean', help: 'take the agreement back' },
  file: { type: 'string', value: 'FILE', help: 'change this file' },
  to: { type: 'string', value: 'FILE', help: 'put the servers into this file' },
  all: { type: 'boolean', help: 'take every server' },
  port: { type: 'string', value: 'N', help: 'listen on this port (3333); 0 takes a free one' },
  host: { type: 'string', value: 'ADDRESS', help: 'listen on this address (127.0.0.1)' },
  'api-key': { type: 'string', multiple: true, value: 'KEY', help: 'let in who shows this key (repeatable)' },
  'no-auth': { type: 'boolean', help: 'let in everybody on this machine' },
  'idle-timeout': { type: 'string', value: 'MS', help: 'how long a server is kept that nobody uses (600000)' },
  force: { type: 'boolean', help: 'put it in the place of a server of that name' },
  'dry-run': { type: 'boolean', help: 'show what would be changed, and change nothing' },
  model: {
    type: 'string',
    value: 'PROVIDER/NAME',
    help: 'speak with this model (TOOLWAY_MODEL, or the one whose key is set)',
  },
  'base-url': { type: 'string', value: 'URL', help: 'where the model is asked, for servers that speak as OpenAI does' },
  system: { type: 'string', value: 'TEXT', help: 'instructions for the model' },
  print: { type: 'boolean', short: 'p', help: 'answer one question on stdout, and end' },
  continue: { type: 'boolean', short: 'c', help: 'go on with the last conversation of this folder' },
  sessions: { type: 'boolean', help: 'list the conversations that are kept' },
  'max-steps': { type: 'string', value: 'N', help: 'messages of the model in one turn (25)' },
  'max-tool-calls': { type: 'string', value: 'N', help: 'calls of tools in one turn (50)' },
  'max-tokens': { type: 'string', value: 'N', help: 'tokens that one turn may read and write' },
  'max-cost': { type: 'string', value: 'USD', help: 'what one turn may cost' },
  format: {
    type: 'string',
    value: 'auto|text|markdown',
    help: 'texts as they came, or rendered as Markdown; auto: what is Markdown, on a terminal',
  },
  raw: { type: 'boolean', help: 'print exactly what the server sent (not to a terminal)' },
} as const satisfies Record<string, OptionSpec>;

export type OptionName = keyof typeof OPTIONS;

/** They say which servers there are. */
export const SERVER_OPTIONS: readonly OptionName[] = [
  'config',
  'stdio',
  'url',
  'transport',
  'header',
  'env',
  'server-command',
  'server-args',
  'input',
];

/** The options that every command takes. */
export const GLOBAL_OPTIONS: readonly OptionName[] = [
  ...SERVER_OPTIONS,
  'server',
  'json',
  'timeout',
  'quiet',
  'verbose',
  'no-color',
  'yes',
  'keep-alive',
  'no-keep-alive',
  'help',
  'version',
];

/** The options of one line, by name. */
export interface Options {
  flag(name: OptionName): boolean;
  /** The value; the last one where it was given more than once. */
  value(name: OptionName): string | undefined;
  values(name: OptionName): readonly string[];
}
