/** What only the shell has: its history, its last calls, its help. */
import { ToolwayError } from '../../errors.ts';
import type { CommandTable } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { safeLine } from '../safe-text.ts';
import type { History } from './history.ts';
import type { RecentCall } from './recent.ts';

export interface BuiltinContext {
  output: Output;
  history: History;
  recent: readonly RecentCall[];
  commands: CommandTable;
}
export interface Builtin {
  summary: string;
  usage?: string;
  run(args: readonly string[], context: BuiltinContext): Promise<number>;
}

const SHOWN_LINES = 50;
const SHOWN_CALLS = 20;

const countOf = (args: readonly string[], otherwise: number): number => {
  const [given, ...more] = args;
  if (given === undefined) return otherwise;
  const count = Number(given);
  if (Number.isInteger(count) && count > 0 && more.length === 0) return count;
  throw new ToolwayError(
    'invalid_arguments',
    `how many? ${JSON.stringify(args.join(' '))} is no whole number above 0`,
    {
      executed: 'no',
    },
  );
};

const table = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
};

/** `quit` and `exit` are known to the loop. */
export const BUILTINS: Readonly<Record<string, Builtin>> = {
  history: {
    summary: 'the last lines',
    usage: '[N]',
    async run(args, { output, history }) {
      const lines = history.lines.slice(0, countOf(args, SHOWN_LINES)).reverse();
      if (output.json) await output.document({ lines });
      else for (const line of lines) await output.print(safeLine(line));
      return EXIT.done;
    },
  },
  last: {
    summary: 'the last calls, how they ended and how long they took',
    usage: '[N]',
    async run(args, { output, recent }) {
      const calls = recent.slice(-countOf(args, SHOWN_CALLS));
      if (output.json) {
        await output.document({ calls });
        return EXIT.done;
      }
      const { style } = output;
      for (const { at, name, outcome, durationMs } of calls) {
        const time = new Date(at).toTimeString().slice(0, 8);
        const colored = outcome === 'ok' ? style.green(outcome) : style.red(outcome);
        await output.print(
          `${style.dim(time)}  ${style.bold(safeLine(name))}  ${colored}  ${Math.round(durationMs)} ms`,
        );
      }
      return EXIT.done;
    },
  },
  help: {
    summary: 'this, or what a command does',
    usage: '[COMMAND]',
    async run(_args, { output, commands: all }) {
      const commands = Object.entries(all).filter(([, { inShell }]) => inShell !== false);
      const rows = [
        ...commands.map(([name, { usage, summary }]): [string, string] => [`${name} ${usage}`, summary]),
        ...Object.entries(BUILTINS).map(([name, { usage = '', summary }]): [string, string] => [
          `${name} ${usage}`,
          summary,
        ]),
        ['quit', 'ends; so does Ctrl-D'] as [string, string],
      ];
      await output.print(
        `${table(rows)}\n\nSERVER.TOOL key=value … is a call. Tab completes, Ctrl-C cancels what runs.`,
      );
      return EXIT.done;
    },
  },
};
