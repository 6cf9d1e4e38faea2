/** Reads lines and runs them with the commands of the command line, over one toolkit, until somebody wants to leave. */
import { join } from 'node:path';
import { nearest } from '../../config/nearest.ts';
import { ToolwayError } from '../../errors.ts';
import { stateFolder } from '../../node/state-folder.ts';
import type { CommandLine, Job, Open, Session } from '../command.ts';
import { candidatesAt } from '../completion/candidates.ts';
import { filesAt } from '../completion/files.ts';
import { shellWord } from '../completion/quoting.ts';
import { wordsAt } from '../completion/words-at.ts';
import { EXIT } from '../exit-codes.ts';
import { type OptionName, type Options, SERVER_OPTIONS } from '../options.ts';
import { createOutput, type Output } from '../output.ts';
import { reportFailure } from '../report.ts';
import { safeLine } from '../safe-text.ts';
import { requireServer } from '../session.ts';
import { untilAborted } from '../until.ts';
import { BUILTINS } from './builtins.ts';
import { type History, openHistory } from './history.ts';
import { createLiveNames, type LiveNames } from './live-names.ts';
import { tellOfServers } from './notices.ts';
import { type RecentCall, recordCalls } from './recent.ts';
import { splitLine } from './split-line.ts';

const PROMPT = 'toolway> ';
const QUIT = ['quit', 'exit'];
/** What the shell was started with holds for its lines too. */
const INHERITED: readonly OptionName[] = ['json', 'quiet', 'verbose', 'no-color', 'yes'];

interface Shell {
  job: Job;
  session: Session;
  names: LiveNames;
  history: History;
  recent: readonly RecentCall[];
}

const usage = (message: string, matches: string[] = []): ToolwayError =>
  new ToolwayError('invalid_arguments', message, { executed: 'no', matches });

/** Runs the shell and gives its exit code: without a terminal, that of the last line that failed. */
export const runShell = async (job: Job): Promise<number> => {
  const { context, screen, output, open } = job;
  const { lasting: _, ...opened } = await open({ lasting: true });
  // A script wants each line to wait for its servers; a person wants to see how they are.
  const session: Session = screen.interactive ? { ...opened, lasting: true } : opened;
  const shell: Shell = {
    job,
    session,
    names: createLiveNames(session.toolkit, session.servers),
    history: screen.interactive
      ? await openHistory(join(stateFolder({ env: context.env }), 'shell-history'))
      : { lines: [], add: async () => {} },
    recent: recordCalls(session.toolkit),
  };
  if (!screen.interactive) return runLines(shell);
  if (!output.quiet) {
    tellOfServers(session.toolkit, (text) => void screen.note(output.remarks.dim(safeLine(text))));
    const servers = safeLine(session.servers.join(', '));
    await output.note(`toolway ${context.version}: ${servers}. "help" lists the commands, Tab completes, Ctrl-D ends.`);
  }
  return converse(shell);
};

const runLines = async (shell: Shell): Promise<number> => {
  const { context } = shell.job;
  let failed: number = EXIT.done;
  for await (const line of context.lines()) {
    if (isQuit(line)) break;
    const code = await runLine(shell, line, context.signal);
    if (context.signal.aborted) return EXIT.cancelled;
    if (code !== EXIT.done) failed = code;
  }
  return failed;
};

const isQuit = (line: string): boolean => QUIT.includes(line.trim());

const converse = async (shell: Shell): Promise<number> => {
  const { history, job } = shell;
  const { screen, output, context } = job;
  const terminal = await screen.terminal();
  let running: AbortController | undefined;
  // For the whole session: between two lines, too, Ctrl-C is not the end of it.
  terminal.listen(() => running?.abort());
  let wantsToLeave = false;
  while (!context.signal.aborted) {
    const reply = await terminal.read({
      prompt: PROMPT,
      history: history.lines,
      complete: (line) => completionsOf(shell, line),
      signal: context.signal,
    });
    if ('line' in reply) {
      wantsToLeave = false;
      if (isQuit(reply.line)) return EXIT.done;
      if (reply.line.trim() === '') continue;
      await history.add(reply.line);
      running = new AbortController();
      await runLine(shell, reply.line, AbortSignal.any([context.signal, running.signal]));
      running = undefined;
    } else if (reply.ended === 'interrupt') {
      const isEmpty = reply.typed === undefined || reply.typed === '';
      if (isEmpty && wantsToLeave) return EXIT.done;
      wantsToLeave = isEmpty;
      if (isEmpty) await output.note('(To leave, press Ctrl-C again or Ctrl-D, or type quit.)');
    } else return EXIT.done;
  }
  return EXIT.cancelled;
};

/** Runs one line; whatever goes wrong is told, and is its exit code. */
const runLine = async (shell: Shell, line: string, signal: AbortSignal): Promise<number> => {
  let { output } = shell.job;
  try {
    if (line.trim() === '' || line.trimStart().startsWith('#')) return EXIT.done;
    const words = splitLine(line);
    const [first = '', ...rest] = words;
    const builtin =
      Object.hasOwn(BUILTINS, first) && !(first === 'help' && rest.length > 0) ? BUILTINS[first] : undefined;
    if (builtin !== undefined) return await builtin.run(rest, { ...shell, output, commands: shell.job.line.commands });
    const argv = await asCommand(shell, words, signal);
    const { name, command, args, options: given, help } = shell.job.line.parse(argv);
    const options = inheriting(given, shell.job.options);
    output = createOutput(shell.job.context, options);
    if (name === undefined || command === undefined) throw usage('a command is missing');
    if (help) {
      await output.print(await shell.job.line.help(name));
      return EXIT.done;
    }
    const misplaced = SERVER_OPTIONS.find((option) => given.flag(option));
    if (misplaced !== undefined) throw usage(`--${misplaced} belongs to the line that starts the shell`);
    if (command.inShell === false) throw usage(`${name} makes no sense inside of the shell`);
    const { run } = await command.load();
    return await run({ ...jobOf(shell, options, output, signal), args });
  } catch (thrown) {
    return reportFailure(thrown, output);
  }
};

/** The line as one of the command line: a tool alone is a call. */
const asCommand = async ({ session, job }: Shell, words: string[], signal: AbortSignal): Promise<string[]> => {
  const [first = ''] = words;
  if (first === 'help' || first.startsWith('-') || isCommand(job.line, first)) return words;
  if (/^[^(]+(\.|__)/.test(first) || first.includes('(')) return ['call', ...words];
  const listed = await untilAborted(session.toolkit.listTools({ signal }), signal);
  const tools = listed.map((tool) => tool.name);
  if (tools.includes(first)) return ['call', ...words];
  const known = [...Object.keys(job.line.commands), ...Object.keys(BUILTINS), ...QUIT, ...tools];
  throw usage(`there is no command or tool ${JSON.stringify(first)}`, nearest(first, known));
};

const isCommand = ({ commands }: CommandLine, word: string): boolean =>
  Object.entries(commands).some(([name, { aliases = [] }]) => name === word || aliases.includes(word));

const inheriting = (own: Options, shell: Options): Options => ({
  ...own,
  flag: (name) => own.flag(name) || (INHERITED.includes(name) && shell.flag(name)),
});

const jobOf = ({ job, session }: Shell, options: Options, output: Output, signal: AbortSignal): Omit<Job, 'args'> => {
  const open: Open = async ({ choose = (all: readonly string[]) => all } = {}) => {
    const named = options.value('server');
    if (named !== undefined) requireServer(named, session.servers);
    return { ...session, servers: named === undefined ? [...choose(session.servers)] : [named] };
  };
  const stdin = (): Promise<string> => Promise.reject(usage('stdin is where the lines of the shell come from'));
  return { ...job, options, output, open, context: { ...job.context, signal, stdin } };
};

/** For the line editor: what may stand in place of the end of the line. */
const completionsOf = async ({ names, job }: Shell, line: string): Promise<[string[], string]> => {
  const { words, current, quote, beforeQuote = 0 } = wordsAt(line);
  const replaced = quote === undefined ? current : current.slice(beforeQuote);
  if (!line.endsWith(replaced)) return [[], ''];
  const verbs = [...Object.keys(BUILTINS), ...QUIT].map((text) => ({ text }));
  const {
    found,
    filesAfter,
    ask = [],
  } = candidatesAt({
    commands: job.line.commands,
    words,
    current,
    servers: await names.servers(),
    verbs,
  });
  const proposed = await names.propose(ask);
  const files = filesAfter === undefined ? [] : await filesAt(current, filesAfter, job.context.cwd);
  const candidates = [...found, ...files, ...proposed.map((text) => ({ text, open: undefined }))];
  const texts = candidates.flatMap(({ text, open }) => {
    const word = shellWord(quote === undefined ? text : text.slice(beforeQuote), quote);
    return word === undefined ? [] : `${word}${open || quote !== undefined ? '' : ' '}`;
  });
  return [[...new Set(texts)].sort(), replaced];
};
