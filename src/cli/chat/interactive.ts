/** The chat at a terminal: a line is a question, a command, or a prompt of a server. */
import { join } from 'node:path';
import { ToolwayError } from '../../errors.ts';
import { userMessage } from '../../llm/loop/attachments.ts';
import { promptMessages } from '../../llm/loop/prompts.ts';
import type { Message } from '../../llm/message.ts';
import { stateFolder } from '../../node/state-folder.ts';
import type { Question, Reply, Terminal } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { reportFailure } from '../report.ts';
import { safeLine } from '../safe-text.ts';
import { openHistory } from '../shell/history.ts';
import { createLiveNames } from '../shell/live-names.ts';
import { tellOfServers } from '../shell/notices.ts';
import type { Chat } from './chat.ts';
import { COMMAND_NAMES, commandIn, PLANNER_NOTE } from './commands.ts';
import { completionsOf } from './complete.ts';
import { wordsOfStop } from './stops.ts';
import { summaryOf } from './summary.ts';
import { createTurnView } from './turn-view.ts';

const PROMPT = 'chat> ';
/** As wide as the first one, so that lines stand below each other. */
const NEXT_PROMPT = '  ... ';

/** Talks until the person leaves, and gives the exit code. `first` is asked at once. */
export const converse = async (chat: Chat, first: string): Promise<number> => {
  const { screen, output, context } = chat.job;
  const { toolkit, servers } = chat.session;
  const history = await openHistory(join(stateFolder({ env: context.env }), 'chat-history'));
  const names = createLiveNames(toolkit, servers);
  const terminal = await screen.terminal();
  let running: AbortController | undefined;
  // For the whole chat: between two turns, too, Ctrl-C is not the end of it.
  const listenNoMore = terminal.listen(() => running?.abort(), { pastes: true });
  const perform = async (line: string): Promise<'quit' | undefined> => {
    running = new AbortController();
    try {
      return await runLine(chat, line, running);
    } catch (thrown) {
      await reportFailure(thrown, { ...output, json: false });
      return undefined;
    } finally {
      running = undefined;
    }
  };
  try {
    if (!output.quiet) {
      tellOfServers(toolkit, (text) => void screen.note(output.remarks.dim(safeLine(text))));
      await greet(chat);
    }
    if (first !== '') {
      await output.note(safeLine(`${PROMPT}${first}`));
      if ((await perform(first)) === 'quit') return EXIT.done;
    }
    let wantsToLeave = false;
    while (!context.signal.aborted) {
      // What a server has asked comes first.
      await screen.converse(async () => {});
      const reply = await readQuestion(terminal, {
        history: history.lines,
        complete: (line) => completionsOf(line, { commands: COMMAND_NAMES, names }),
        signal: context.signal,
      });
      if ('line' in reply) {
        wantsToLeave = false;
        if (reply.line.trim() === '') continue;
        await history.add(reply.line);
        if ((await perform(reply.line)) === 'quit') return EXIT.done;
      } else if (reply.ended === 'interrupt') {
        const isEmpty = reply.typed === undefined || reply.typed === '';
        if (isEmpty && wantsToLeave) return EXIT.done;
        wantsToLeave = isEmpty;
        if (isEmpty) await output.note('(To leave, press Ctrl-C again or Ctrl-D, or type quit.)');
      } else return reply.ended === 'aborted' ? EXIT.cancelled : EXIT.done;
    }
    return EXIT.cancelled;
  } finally {
    listenNoMore();
  }
};

/** A line, and those that belong to it: behind `\\`, Alt-Enter or Ctrl-J goes the next one. */
const readQuestion = async (terminal: Terminal, wanted: Omit<Question, 'prompt' | 'multiline'>): Promise<Reply> => {
  const lines: string[] = [];
  for (;;) {
    const prompt = lines.length === 0 ? PROMPT : NEXT_PROMPT;
    const reply = await terminal.read({ ...wanted, prompt, multiline: true });
    if (!('line' in reply)) return { ...reply, typed: [...lines, reply.typed ?? ''].join('\n') };
    const [, marks = ''] = /(\\*)$/.exec(reply.line) ?? [];
    const isMarked = marks.length % 2 === 1;
    lines.push(isMarked ? reply.line.slice(0, -1) : reply.line);
    const isBegun = lines.some((line) => line.trim() !== '');
    if (!isBegun || (!isMarked && reply.goesOn !== true)) return { line: lines.join('\n') };
  }
};

const greet = async ({ job, session, modelName, choice, facts, conversation }: Chat): Promise<void> => {
  const { output, context } = job;
  const servers = session.servers.length === 0 ? 'no servers' : session.servers.join(', ');
  await output.note(
    safeLine(`toolway ${context.version}: ${modelName} with ${servers}. "help" lists the commands, Ctrl-D ends.`),
  );
  if (choice.provider === 'planner' && choice.fallback)
    await output.note(
      output.remarks.yellow(`No key of a model is set, so a planner by rules answers. ${PLANNER_NOTE}`),
    );
  if (facts !== undefined) {
    const said = conversation.messages.filter(({ role }) => role === 'user').length;
    await output.note(
      output.remarks.dim(safeLine(`Going on with ${facts.id}: ${facts.title} (${said} messages of yours)`)),
    );
  }
};

const runLine = async (chat: Chat, line: string, running: AbortController): Promise<'quit' | undefined> => {
  const { job, session, spill } = chat;
  const signal = AbortSignal.any([job.context.signal, running.signal]);
  const { toolkit } = session;
  const text = line.trim();
  const [, server] = /^\/([^\s:]+):\S/.exec(text) ?? [];
  if (server !== undefined && toolkit.has(server)) {
    await takeTurn(chat, () => promptMessages(toolkit, text, { spill, signal }), running);
    return undefined;
  }
  // Lines that were pasted are a question, whatever the first one begins with.
  const found = text.includes('\n') ? undefined : commandIn(text);
  if (found !== undefined) {
    const next = await found.command.run(chat, found.argument, signal);
    if (typeof next !== 'object') return next;
    await takeTurn(chat, async () => [...next.ask], running);
    return undefined;
  }
  await takeTurn(chat, async () => [await userMessage(toolkit, text, { spill, signal })], running);
  return undefined;
};

const takeTurn = async (chat: Chat, read: () => Promise<Message[]>, running: AbortController): Promise<void> => {
  const { output, context, screen } = chat.job;
  const signal = AbortSignal.any([context.signal, running.signal]);
  const startedAt = performance.now();
  const view = createTurnView(chat.job, {
    answers: true,
    plain: chat.choice.provider === 'planner',
    waitsFor: chat.connecting,
  });
  const result = await read()
    .then((messages) => chat.turn({ messages, signal, view, interrupt: () => running.abort() }))
    .catch((thrown: unknown) => {
      if (signal.aborted)
        throw new ToolwayError('cancelled', 'the turn is cancelled; what is done stays', { cause: thrown });
      throw thrown;
    })
    .finally(view.end);
  const words = wordsOfStop(result.stop);
  if (words !== undefined) await screen.note(output.remarks.yellow(safeLine(`toolway: ${words}`)));
  if (output.quiet) return;
  await screen.note(output.remarks.dim(summaryOf({ ...result, durationMs: performance.now() - startedAt })));
};
