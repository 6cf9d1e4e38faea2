/** What is typed at the chat and is no question: with a slash, or as a word alone. */
import { resolve } from 'node:path';
import { nearest } from '../../config/nearest.ts';
import { ToolwayError } from '../../errors.ts';
import type { Message } from '../../llm/message.ts';
import { nodeFiles } from '../../node/files.ts';
import { sourceText } from '../../policy/taint.ts';
import { signature } from '../../schema/signature.ts';
import { safeLine } from '../safe-text.ts';
import { askServers } from '../servers.ts';
import { waitingFor } from '../waiting.ts';
import type { Chat } from './chat.ts';
import { listSessions } from './session-list.ts';
import { summaryOf } from './summary.ts';
import { historyLines, saidBy, transcriptOf } from './transcript.ts';

export interface ChatCommand {
  summary: string;
  usage?: string;
  /** `quit` ends the chat, `ask` is asked next. */
  run(chat: Chat, argument: string, signal: AbortSignal): Promise<'quit' | { ask: readonly Message[] } | undefined>;
}

const LONGEST_SIGNATURE = 160;

const table = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
};
const say = (chat: Chat, text: string): Promise<void> => chat.job.screen.note(text);

const status = async (chat: Chat): Promise<undefined> => {
  const { conversation, session, choice, facts, job } = chat;
  const { remarks } = job.output;
  const states = session.servers.map((name) => {
    const { state = 'idle', lastError, toolsCount = 0 } = session.toolkit.status()[name] ?? {};
    const about = state === 'connected' ? `${toolsCount} tools` : (lastError?.reason ?? '');
    return safeLine(`  ${name}  ${state}${about === '' ? '' : `  ${about}`}`, LONGEST_SIGNATURE);
  });
  const { usage, costUsd, taint, messages } = conversation;
  const calls = messages.flatMap(({ content }) => content.filter(({ type }) => type === 'call')).length;
  const spent = summaryOf({ toolCalls: calls, usage, ...(costUsd !== undefined && { costUsd }) });
  const read = taint.sources.map(sourceText).join(', ');
  const rows: [string, string][] = [
    ['model', modelLine(chat)],
    ['conversation', facts === undefined ? 'nothing said yet' : `${facts.id}${spent === '' ? '' : `  ${spent}`}`],
    ['has read', read === '' ? 'nothing that others wrote' : `${read}: its calls are asked for`],
    ['servers', states.length === 0 ? 'none' : ''],
  ];
  await say(chat, safeRows(rows));
  for (const line of states) await say(chat, line);
  if (choice.provider === 'planner') await say(chat, remarks.dim(`  ${PLANNER_NOTE}`));
};
const safeRows = (rows: [string, string][]): string =>
  table(rows.map(([left, right]) => [left, safeLine(right, 2 * LONGEST_SIGNATURE)])).replace(/ +$/gm, '');

/** What is to be known of the model that needs no key. */
export const PLANNER_NOTE =
  'The planner matches words with tools, and knows nothing else. For a model, set ANTHROPIC_API_KEY or OPENAI_API_KEY, or use --model.';

const modelLine = ({ modelName, choice }: Chat): string => {
  const at = choice.provider === 'planner' ? undefined : choice.baseUrl;
  return safeLine(`${modelName}${at === undefined ? '' : ` at ${at}`}`);
};

const tools = async (chat: Chat, argument: string, signal: AbortSignal): Promise<undefined> => {
  const { session, job } = chat;
  const { remarks } = job.output;
  const awaited = chat.connecting();
  if (awaited.length > 0) await say(chat, remarks.dim(safeLine(waitingFor(awaited))));
  const answers = await askServers(session, signal, (toolkit, server) => toolkit.listTools({ server, signal }));
  for (const { name, value = [], error, status: found } of answers) {
    if (argument !== '' && name !== argument && !value.some((tool) => tool.qualifiedName.includes(argument))) continue;
    if (error !== undefined) await say(chat, remarks.red(safeLine(`${name}: no tools: ${error.reason}`)));
    else if (found?.state === 'disabled') await say(chat, remarks.dim(safeLine(`${name}: disabled`)));
    for (const tool of value) {
      if (argument !== '' && name !== argument && !tool.qualifiedName.includes(argument)) continue;
      await say(chat, safeLine(signature({ ...tool, name: tool.qualifiedName }), LONGEST_SIGNATURE));
    }
  }
  if (answers.length === 0)
    await say(chat, 'There are no servers; name a file with --config, or use --stdio or --url.');
};

const save = async (chat: Chat, argument: string): Promise<undefined> => {
  const { facts, conversation, job } = chat;
  if (facts === undefined) throw new ToolwayError('invalid_arguments', 'nothing was said yet', { executed: 'no' });
  if (argument === '') {
    await chat.save();
    await say(chat, `Kept as ${facts.id}: toolway chat --resume ${facts.id}`);
    return;
  }
  const path = resolve(job.context.cwd, argument);
  if ((await nodeFiles.read(path, Number.POSITIVE_INFINITY).catch(() => '')) !== undefined)
    throw new ToolwayError('invalid_arguments', `${argument} is there already`, { executed: 'no' });
  await nodeFiles.write(path, transcriptOf(conversation.messages, facts.title));
  await say(chat, safeLine(`Saved as ${path}`));
};

/** What tools did stays done, and that is said. */
const takeBack = async (chat: Chat, words: string): Promise<readonly Message[]> => {
  const last = await chat.undo();
  if (last === undefined) throw new ToolwayError('invalid_arguments', 'nothing was asked yet', { executed: 'no' });
  const { remarks } = chat.job.output;
  const question = last.asked.map(({ content }) => saidBy(content)).join(' ');
  await say(chat, safeLine(`${words}: ${question.trim()}`, LONGEST_SIGNATURE));
  if (last.ran.length > 0)
    await say(chat, remarks.yellow(safeLine(`What its calls did stays done: ${last.ran.join(', ')}`)));
  return last.asked;
};

const COMMANDS: Readonly<Record<string, ChatCommand>> = {
  help: {
    summary: 'this',
    async run(chat) {
      const rows = Object.entries(COMMANDS).map(([name, { usage, summary }]): [string, string] => [
        `/${name}${usage === undefined ? '' : ` ${usage}`}`,
        summary,
      ]);
      rows.push(['/SERVER:PROMPT key=value …', 'asks with a prompt of a server']);
      rows.push(['@SERVER:URI', 'within a question: reads the resource along']);
      rows.push(['… \\', 'at the end of a line: the question goes on in the next one; so do Alt-Enter and Ctrl-J']);
      const more = 'A word alone will do: help, tools, quit. Tab completes, Ctrl-C ends a turn, Ctrl-D the chat.';
      await say(chat, `${table(rows)}\n\n${more}`);
      return undefined;
    },
  },
  status: { summary: 'the model, the servers, and what the conversation has cost', run: status },
  history: {
    summary: 'what was said and called',
    async run(chat) {
      const lines = historyLines(chat.conversation.messages, chat.job.output.remarks);
      for (const line of lines) await say(chat, line);
      if (lines.length === 0) await say(chat, 'Nothing was said yet.');
      return undefined;
    },
  },
  tools: { usage: '[WORD]', summary: 'the tools of all servers, and why one has none', run: tools },
  model: {
    usage: '[PROVIDER/NAME]',
    summary: 'the model; with a name, goes on with that one',
    async run(chat, argument) {
      if (argument !== '') await chat.use(argument);
      await say(chat, modelLine(chat));
      return undefined;
    },
  },
  sessions: {
    summary: 'the conversations that are kept',
    async run(chat) {
      await listSessions(chat.sessions, (text) => say(chat, text));
      return undefined;
    },
  },
  undo: {
    summary: 'takes back the last question with its answer; what tools did stays done',
    async run(chat) {
      await takeBack(chat, 'Taken back');
      return undefined;
    },
  },
  retry: {
    summary: 'asks the last question again, in place of its answer',
    run: async (chat) => ({ ask: await takeBack(chat, 'Asking again') }),
  },
  clear: {
    summary: 'begins a new conversation',
    async run(chat) {
      chat.clear();
      await say(chat, 'A new conversation.');
      return undefined;
    },
  },
  save: { usage: '[FILE]', summary: 'keeps the conversation, or writes it into a file as Markdown', run: save },
  quit: { summary: 'ends; so does Ctrl-D', run: async () => 'quit' },
};
const ALIASES: Readonly<Record<string, string>> = { exit: 'quit', '?': 'help', resume: 'sessions', cost: 'status' };

/** Without the slash. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** The command that a line is, with what stands behind it. A word alone needs no slash. Throws `invalid_arguments` for a slash before nothing that is known. */
export const commandIn = (line: string): { command: ChatCommand; argument: string } | undefined => {
  const [, slash = '', word = '', argument = ''] = /^(\/?)(\S+)\s*(.*)$/s.exec(line.trim()) ?? [];
  if (slash === '' && argument !== '') return undefined;
  const name = Object.hasOwn(ALIASES, word) ? (ALIASES[word] as string) : word;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command !== undefined) return { command, argument: argument.trim() };
  // A path is no command.
  if (slash === '' || word.includes('/')) return undefined;
  throw new ToolwayError('invalid_arguments', `there is no command /${word}; /help lists them`, {
    executed: 'no',
    matches: nearest(word, COMMAND_NAMES),
  });
};
