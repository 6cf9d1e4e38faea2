/** The help, made from the tables. */
import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { GLOBAL_OPTIONS, OPTIONS, type OptionName, type OptionSpec } from './options.ts';

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
};

const optionRow = (name: OptionName): [string, string] => {
  const spec: OptionSpec = OPTIONS[name];
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  return [`${short}--${name}${spec.value === undefined ? '' : ` ${spec.value}`}`, spec.help];
};

/** The help of the whole command line. */
export const generalHelp = (): string => `toolway connects any application to any MCP server.

Usage: toolway <command> [options]

Commands:
${columns(Object.entries(COMMANDS).map(([name, { usage, summary }]) => [`${name} ${usage}`, summary]))}

Options, before or after anything else:
${columns(GLOBAL_OPTIONS.map(optionRow))}

Example: toolway list --stdio "npx -y @modelcontextprotocol/server-everything"
More: toolway <command> --help
`;

/** The help of one command. */
export const commandHelp = (
  name: string,
  { summary, usage, example, details, options = [], aliases = [] }: Command,
): string => {
  const parts = [`toolway ${name}: ${summary}`, `Usage: toolway ${name} ${usage} [options]`];
  if (details !== undefined) parts.push(details);
  if (options.length > 0) parts.push(`Options:\n${columns(options.map(optionRow))}`);
  parts.push(`Options of every command:\n${columns(GLOBAL_OPTIONS.map(optionRow))}`);
  if (aliases.length > 0) parts.push(`Also called: ${aliases.join(', ')}`);
  parts.push(`Example: ${example}`);
  return `${parts.join('\n\n')}\n`;
};

/** The help of a command; of the whole command line where none is named. */
export const helpOn = (name: string | undefined, command: Command | undefined): string =>
  name === undefined || command === undefined ? generalHelp() : commandHelp(name, command);
