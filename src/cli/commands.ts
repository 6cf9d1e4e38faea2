/** The table of commands. Each lives in one file of `commands/`, loaded when it runs. */
import type { Command } from './command.ts';

export const COMMANDS: Readonly<Record<string, Command>> = {
  list: {
    summary: 'servers with their state, and their tools as one-line signatures',
    usage: '[SERVER]',
    example: 'toolway list --config mcp.json',
    positionals: { max: 1 },
    load: () => import('./commands/list.ts'),
  },
  tools: {
    summary: 'the tools of all servers',
    usage: '[SERVER]',
    example: 'toolway tools files --json',
    positionals: { max: 1 },
    aliases: ['list-tools'],
    load: () => import('./commands/tools.ts'),
  },
  resources: {
    summary: 'the resources and resource templates of all servers',
    usage: '[SERVER]',
    example: 'toolway resources',
    positionals: { max: 1 },
    aliases: ['list-resources'],
    load: () => import('./commands/resources.ts'),
  },
  prompts: {
    summary: 'the prompts of all servers',
    usage: '[SERVER]',
    example: 'toolway prompts',
    positionals: { max: 1 },
    aliases: ['list-prompts'],
    load: () => import('./commands/prompts.ts'),
  },
  search: {
    summary: 'the tools that fit a few words, best first',
    usage: 'QUERY',
    example: 'toolway search "read a file" --limit 5',
    options: ['limit'],
    positionals: { min: 1 },
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
    options: ['args', 'save', 'raw'],
    positionals: { min: 1 },
    aliases: ['call-tool'],
    load: () => import('./commands/call.ts'),
  },
  read: {
    summary: 'read a resource',
    usage: 'URI',
    example: 'toolway read demo://resource/static/document/features.md',
    options: ['save', 'raw'],
    positionals: { min: 1, max: 1 },
    aliases: ['read-resource'],
    load: () => import('./commands/read.ts'),
  },
  prompt: {
    summary: 'get a prompt',
    usage: 'SERVER.PROMPT [key=value …]',
    example: 'toolway prompt everything.args-prompt city=Bern',
    options: ['args', 'save'],
    positionals: { min: 1 },
    aliases: ['get-prompt'],
    load: () => import('./commands/prompt.ts'),
  },
  ping: {
    summary: 'round-trip time to servers',
    usage: '[SERVER]',
    example: 'toolway ping files',
    positionals: { max: 1 },
    load: () => import('./commands/ping.ts'),
  },
  status: {
    summary: 'the state of servers, without their lists',
    usage: '[SERVER]',
    example: 'toolway status --json',
    positionals: { max: 1 },
    load: () => import('./commands/status.ts'),
  },
};

/** The command of this name or alias, with its own name. */
export const commandNamed = (word: string): { name: string; command: Command } | undefined => {
  for (const [name, command] of Object.entries(COMMANDS)) {
    if (name === word || command.aliases?.includes(word)) return { name, command };
  }
  return undefined;
};
