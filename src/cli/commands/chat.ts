/** `toolway chat`: a conversation with a model that uses the tools; or one question and its answer. */
import { ToolwayError } from '../../errors.ts';
import { openChat, sessionsOf } from '../chat/chat.ts';
import { converse } from '../chat/interactive.ts';
import { printAnswer } from '../chat/print.ts';
import { listSessions } from '../chat/session-list.ts';
import { isSessionId } from '../chat/sessions.ts';
import type { Job, Run } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { checkResultOptions } from '../result-view.ts';

const MOST_NAMED = 5;

const usage = (message: string): ToolwayError => new ToolwayError('invalid_arguments', message, { executed: 'no' });

export const run: Run = async (job) => {
  const { options, output, screen } = job;
  await checkResultOptions(job);
  if (options.flag('sessions')) {
    const sessions = sessionsOf(job);
    if (output.json) await output.document({ sessions: await sessions.list() });
    else await listSessions(sessions, output.print);
    return EXIT.done;
  }
  const isOnce = options.flag('print') || output.json || !screen.interactive;
  const { id, words } = await resumedBy(job, isOnce);
  const question = isOnce ? await questionOf(job, words) : words.join(' ');
  const chat = await openChat(job, { print: isOnce, ...(id !== undefined && { resumed: id }) });
  return isOnce ? printAnswer(chat, question) : converse(chat, question);
};

/** What stands behind `--resume` is none; the last ones are told. */
const noneNamed = async (job: Job): Promise<ToolwayError> => {
  const [given] = job.args;
  const kept = await sessionsOf(job).list();
  const last = kept.slice(0, MOST_NAMED).map(({ id, title }) => `\n  ${id}  ${title}`);
  const which =
    given === undefined
      ? '--resume needs the ID of a conversation'
      : `there is no conversation ${JSON.stringify(given.slice(0, 40))} (--resume needs its ID)`;
  if (last.length === 0) return usage(`${which}: none are kept`);
  const all = kept.length > last.length ? '; "toolway chat --sessions" lists all' : '';
  return usage(`${which}; the last ones are${all}:${last.join('')}`);
};

/** The conversation that goes on, and the words that are left for the question. */
const resumedBy = async (job: Job, isOnce: boolean): Promise<{ id?: string; words: readonly string[] }> => {
  const { args, options, context } = job;
  const wanted = ['resume', 'continue'] as const;
  if (wanted.every((name) => options.flag(name))) throw usage('--resume and --continue contradict each other');
  if (options.flag('resume')) {
    const id = args.find(isSessionId);
    if (id === undefined) throw await noneNamed(job);
    return { id, words: args.filter((word) => word !== id) };
  }
  if (!options.flag('continue')) return { words: args };
  const here = (await sessionsOf(job).list()).filter(({ cwd }) => cwd === context.cwd);
  // A script that ran meanwhile is not what a person goes on with.
  const last = (isOnce ? undefined : here.find(({ print }) => print !== true)) ?? here[0];
  if (last === undefined) throw usage('no conversation of this folder is kept; "toolway chat --sessions" lists all');
  return { id: last.id, words: args };
};

/** What the line says; `-` in it, or nothing at all, is stdin. */
const questionOf = async ({ context, screen, options }: Job, words: readonly string[]): Promise<string> => {
  const wantsStdin = words.length === 0 || words.includes('-');
  if (wantsStdin && screen.interactive && options.flag('print') && words.length === 0)
    throw usage('--print needs a question, on the line or on stdin');
  const stdin = wantsStdin ? (await context.stdin()).trim() : '';
  const line = words
    .filter((word) => word !== '-')
    .join(' ')
    .trim();
  const question = [line, stdin].filter((part) => part !== '').join('\n\n');
  if (question === '') throw usage('what is the question? Give it on the line, or on stdin');
  return question;
};
