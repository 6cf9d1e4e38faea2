/** The table of commands. Each lives in one file of `commands/`, loaded when it runs. */
import type { Command, CommandTable } from './command.ts';

export const COMMANDS: CommandTable = {
  list: {
    summary: 'servers with their state, and their tools as one-line signatures',
    usage: '[SERVER]',
    example: 'toolway list --config mcp.json',
    positionals: { max: 1 },
    warm: true,
    load: () => import('./commands/list.ts'),
  },
  tools: {
    summary: 'the tools of all servers',
    usage: '[SERVER]',
    example: 'toolway tools files --json',
    positionals: { max: 1 },
    aliases: ['list-tools'],
    warm: true,
    load: () => import('./commands/tools.ts'),
  },
  resources: {
    summary: 'the resources and resource templates of all servers',
    usage: '[SERVER]',
    example: 'toolway resources',
    positionals: { max: 1 },
    aliases: ['list-resources'],
    warm: true,
    load: () => import('./commands/resources.ts'),
  },
  prompts: {
    summary: 'the prompts of all servers',
    usage: '[SERVER]',
    example: 'toolway prompts',
    positionals: { max: 1 },
    aliases: ['list-prompts'],
    warm: true,
    load: () => import('./commands/prompts.ts'),
  },
  search: {
    summary: 'the tools that fit a few words, best first',
    usage: 'QUERY',
    example: 'toolway search "read a file" --limit 5',
    options: ['limit'],
    positionals: { min: 1 },
    warm: true,
    load: () => import('./commands/search.ts'),
  },
  call: {
    summary: 'call a tool',
    usage: 'SERVER.TOOL [key=value …]',
    example: 'toolway call files.read_text_file path=README.md head=10',
    details: `Arguments:
  key=value       text, number, … as the tool's schema says; text where it does not say
  key:=JSON       any JSON value
  key=@FILE       the text of a file; @- is stdin
  '{"a": 1}'      all arguments as JSON, like --args
  Repeat a key for a list. Also: toolway call 'SERVER.TOOL(key: value, other: "text")'
A bare TOOL will do where one server has it.`,
    options: ['args', 'format', 'save', 'max-output', 'raw'],
    positionals: { min: 1 },
    aliases: ['call-tool'],
    warm: true,
    load: () => import('./commands/call.ts'),
  },
  batch: {
    summary: 'many calls from a file: one call per line in, one result per line out',
    usage: 'FILE.jsonl',
    example: 'toolway batch calls.jsonl --out results.jsonl --resume',
    details: `Each line of FILE is a call: {"name": "server.tool", "arguments": {…}}, and may have an "id", a "server"
and "options" (timeoutMs, retry, fallback, …). FILE - is stdin. Results come in the order in which calls end, each
with the number and the id of its line. With --out a journal is kept beside the results: after a crash --resume
goes on, and sends no call again that was finished, nor one of which nobody knows.
Lines in doubt (outcome_unknown, or cancelled under way) are in the results with their number: once you have looked
whether they ran, send those that did not as a batch of their own.
Exit code: 0 when every line is done, 8 when a line is in doubt, else that of the first line that failed; 130 after Ctrl-C.`,
    options: ['out', 'concurrency', 'resume'],
    positionals: { min: 1, max: 1 },
    load: () => import('./commands/batch.ts'),
  },
  read: {
    summary: 'read a resource',
    usage: 'URI',
    example: 'toolway read demo://resource/static/document/features.md',
    options: ['format', 'save', 'max-output', 'raw'],
    positionals: { min: 1, max: 1 },
    aliases: ['read-resource'],
    warm: true,
    load: () => import('./commands/read.ts'),
  },
  prompt: {
    summary: 'get a prompt',
    usage: 'SERVER.PROMPT [key=value …]',
    example: 'toolway prompt everything.args-prompt city=Bern',
    options: ['args', 'format', 'save', 'max-output'],
    positionals: { min: 1 },
    aliases: ['get-prompt'],
    warm: true,
    load: () => import('./commands/prompt.ts'),
  },
  complete: {
    summary: 'what a server proposes for an argument of a prompt or a variable of a resource template',
    usage: 'SERVER.PROMPT|TEMPLATE ARGUMENT[=BEGIN] [key=value …]',
    example: 'toolway complete everything.completable-prompt department=E',
    details: 'What is known already stands behind it as key=value; servers may use it to propose less.',
    positionals: { min: 2 },
    warm: true,
    load: () => import('./commands/complete.ts'),
  },
  watch: {
    summary: 'a line for each update of a resource, until Ctrl-C',
    usage: 'URI',
    example: 'toolway watch demo://resource/static/document/features.md',
    details: 'With --json each line is a document: {"at", "uri", "server"}.',
    positionals: { min: 1, max: 1 },
    load: () => import('./commands/watch.ts'),
  },
  doctor: {
    summary: 'what is wrong with servers, and what mends it',
    usage: '[SERVER]',
    example: 'toolway doctor files',
    details: `Looks at the configuration, the program and its interpreter, the network and the certificate, what the server
says when it starts, and its tools as model providers take them. Values of variables and headers are never shown.`,
    positionals: { max: 1 },
    load: () => import('./commands/doctor.ts'),
  },
  types: {
    summary: 'TypeScript types of the arguments and results of tools',
    usage: '[SERVER]',
    example: 'toolway types files -o files-tools.ts',
    options: ['out'],
    positionals: { max: 1 },
    warm: true,
    load: () => import('./commands/types.ts'),
  },
  ping: {
    summary: 'round-trip time to servers',
    usage: '[SERVER]',
    example: 'toolway ping files',
    positionals: { max: 1 },
    warm: true,
    load: () => import('./commands/ping.ts'),
  },
  status: {
    summary: 'the state of servers, without their lists',
    usage: '[SERVER]',
    example: 'toolway status --json',
    positionals: { max: 1 },
    warm: true,
    load: () => import('./commands/status.ts'),
  },
  shell: {
    summary: 'a prompt that stays connected, with completion and history',
    usage: '',
    example: 'toolway shell --stdio "npx -y @modelcontextprotocol/server-everything"',
    details: `Takes the commands of the command line without "toolway"; SERVER.TOOL alone is a call. Also: history, last, help, quit.
Tab completes; Ctrl-C cancels what runs; Ctrl-D ends. Without a terminal it runs the lines of stdin, and its exit code is
that of the last one that failed.`,
    positionals: { max: 0 },
    inShell: false,
    load: () => import('./commands/shell.ts'),
  },
  chat: {
    summary: 'talk with a model that uses the tools, or have one question answered',
    usage: '[QUESTION …]',
    example: 'toolway chat --print "which of these files is the largest?" --server files --yes',
    details: `The model is the one of --model, of TOOLWAY_MODEL, of the configuration (chat.model), or of the key that is set:
ANTHROPIC_API_KEY, OPENAI_API_KEY. Without any, a planner by rules answers, which needs no key. With --base-url any
server that speaks as OpenAI does: --base-url http://localhost:11434/v1 --model llama3.3
Calls are asked for before they run. With --print, or without a terminal, the question is the one of the line or of
stdin (- adds stdin to it), and the answer alone goes to stdout. --resume ID goes on with a conversation that is kept.`,
    options: [
      'model',
      'base-url',
      'system',
      'print',
      'continue',
      'resume',
      'sessions',
      'max-steps',
      'max-tool-calls',
      'max-tokens',
      'max-cost',
      'format',
      'save',
    ],
    inShell: false,
    load: () => import('./commands/chat.ts'),
  },
  serve: {
    summary: 'the gateway: all servers as REST with OpenAPI, and as one MCP server',
    usage: '',
    example: 'toolway serve --config mcp.json --port 3333',
    details: `Keys of callers come from --api-key, TOOLWAY_API_KEY or the configuration (gateway.apiKeys). Without any, one is made and
printed, together with a link that signs a browser in once, and only this machine can reach the gateway.
With --json one document is printed when it listens: {"url", "key", "link"}. Ctrl-C lets finish what is under way.
With --model, TOOLWAY_MODEL or chat.model of the configuration a model answers callers at POST /api/chat.`,
    options: ['port', 'host', 'api-key', 'no-auth', 'model', 'base-url'],
    positionals: { max: 0 },
    inShell: false,
    load: () => import('./commands/serve.ts'),
  },
  daemon: {
    summary: 'keep servers started between lines, for --keep-alive',
    usage: '[start|status|stop]',
    example: 'toolway daemon status',
    details: `With --keep-alive, or TOOLWAY_KEEP_ALIVE=1 in the environment, a line is run by the daemon, which is started when there
is none: its servers stay, and the next line finds them as they are. --no-keep-alive, or TOOLWAY_KEEP_ALIVE=0, does without.
A server that no line uses is ended after --idle-timeout (TOOLWAY_IDLE_TIMEOUT_MS for daemons that lines start), and then
the daemon as well. Without a word it stays in the foreground.`,
    options: ['idle-timeout'],
    positionals: { max: 1 },
    inShell: false,
    load: () => import('./commands/daemon.ts'),
  },
  completion: {
    summary: 'the script with which a shell completes commands, servers, tools and arguments',
    usage: 'bash|zsh|fish',
    example: 'toolway completion bash > ~/.local/share/bash-completion/completions/toolway',
    details: 'What servers offer is known from earlier runs: `toolway list` brings it up to date.',
    positionals: { min: 1, max: 1 },
    inShell: false,
    load: () => import('./commands/completion.ts'),
  },
  add: {
    summary: 'put a server into a configuration file',
    usage: 'NAME [COMMAND ARG …]',
    example: 'toolway add files -- npx -y @modelcontextprotocol/server-filesystem .',
    details: `The server is given by --stdio, by --url, or by a command behind --. Without --file it goes into the file of the working
directory (toolway.*, mcp.json or .mcp.json), or a new toolway.yaml. What you add yourself is trusted. Of the file nothing
else changes, neither comments nor formatting. References like \${TOKEN} are kept as they are.`,
    options: ['file', 'force', 'dry-run'],
    positionals: { min: 1 },
    load: () => import('./commands/add.ts'),
  },
  remove: {
    summary: 'take a server out of its configuration file',
    usage: 'SERVER',
    example: 'toolway remove files',
    details: 'Comments that stand on lines of their own stay.',
    options: ['file', 'dry-run'],
    positionals: { min: 1, max: 1 },
    load: () => import('./commands/remove.ts'),
  },
  import: {
    summary: 'take over servers from the files of other hosts',
    usage: '[HOST]',
    example: 'toolway import cursor --server github --dry-run',
    details: `Without a host all are looked for. Shows what each server starts, and what of it Toolway has no equivalent for; then asks
which ones to take, unless --server (repeatable) or --all says it. A server that is there already is left alone.`,
    options: ['to', 'all', 'force', 'dry-run'],
    positionals: { max: 1 },
    load: () => import('./commands/import.ts'),
  },
  trust: {
    summary: 'show what servers of this folder would start, and agree to it',
    usage: '[SERVER]',
    example: 'toolway trust files',
    details: `Servers of files that were found in the working directory do not start before you have agreed to what they start; when
that changes you are asked again. With a SERVER that needs no word any more: how its tools have changed since they were
first seen, and whether that is accepted. A file that says something of all servers is agreed to under its own name.`,
    options: ['list', 'revoke'],
    positionals: { max: 1 },
    load: () => import('./commands/trust.ts'),
  },
  config: {
    summary: 'every value of the configuration and where it comes from',
    usage: '[SERVER]',
    example: 'toolway config files',
    details: 'Nothing is started, no reference is expanded, and secrets are masked.',
    positionals: { max: 1 },
    load: () => import('./commands/config.ts'),
  },
};

/** The command of this name or alias, with its own name. */
export const commandNamed = (word: string): { name: string; command: Command } | undefined => {
  for (const [name, command] of Object.entries(COMMANDS)) {
    if (name === word || command.aliases?.includes(word)) return { name, command };
  }
  return undefined;
};
