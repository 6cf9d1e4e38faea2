/** The command line without a process: words and a world in, output and an exit code out. */
import { ToolwayError } from '../errors.ts';
import { parseLine } from './args.ts';
import type { CliContext, Command, CommandLine } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT } from './exit-codes.ts';
import type { OptionName } from './options.ts';
import { createOutput } from './output.ts';
import { reportFailure } from './report.ts';

/** What can be told of the options when the line as a whole cannot be understood. */
const glimpse = (argv: readonly string[]): { flag(name: OptionName): boolean } => {
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  return { flag: (name) => words.includes(`--${name}`) };
};

const COMMAND_LINE: CommandLine = {
  commands: COMMANDS,
  parse: parseLine,
  run: (argv, context) => runCli(argv, context),
  async help(name) {
    const { commandHelp } = await import('./help.ts');
    return commandHelp(name, COMMANDS[name] as Command);
  },
};

/** Runs one line and gives its exit code. Never throws. */
export const runCli = async (argv: readonly string[], context: CliContext): Promise<number> => {
  let output = createOutput(context, glimpse(argv));
  try {
    const { name, command, args, options, help } = parseLine(argv);
    output = createOutput(context, options);
    if (options.flag('version')) {
      await output.print(context.version);
      return EXIT.done;
    }
    if (help || name === undefined || command === undefined) {
      if (!help && output.json) {
        throw new ToolwayError('invalid_arguments', 'there is no command; toolway --help lists them', {
          executed: 'no',
        });
      }
      const { helpOn } = await import('./help.ts');
      const text = helpOn(name, command);
      await (help ? output.print(text) : output.complain(text));
      return help ? EXIT.done : EXIT.usage;
    }
    const [{ run }, { perform }] = await Promise.all([command.load(), import('./job.ts')]);
    return await perform(run, { line: COMMAND_LINE, args, options, output, context });
  } catch (thrown) {
    return await reportFailure(thrown, output);
  }
};
