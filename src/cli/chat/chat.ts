/** A conversation at the command line: its model, its tools, what it may spend, and where it is kept. */
import { join } from 'node:path';
import type { Toolkit } from '../../api.ts';
import type { ChatSettings } from '../../config/chat.ts';
import { ToolwayError } from '../../errors.ts';
import { type Conversation, createConversation, type StoredConversation } from '../../llm/loop/conversation.ts';
import type { LoopEvent } from '../../llm/loop/events.ts';
import { runToolLoop } from '../../llm/loop/loop.ts';
import type { LoopOptions, LoopResult } from '../../llm/loop/options.ts';
import type { Message } from '../../llm/message.ts';
import type { ChatModel } from '../../llm/model.ts';
import { createMemorySpill, type Spill } from '../../llm/results/spill.ts';
import { stateFolder } from '../../node/state-folder.ts';
import type { Job, Session } from '../command.ts';
import { countOf } from '../numbers.ts';
import { connectingServers } from '../waiting.ts';
import { createKeeper } from './keeper.ts';
import { type LastQuestion, lastQuestion, type TurnStart } from './last-question.ts';
import { modelMaker } from './model.ts';
import { chooseModel, type ModelChoice, nameOfChoice } from './model-choice.ts';
import { withPerson } from './person-toolkit.ts';
import { createChatSampling } from './sampling.ts';
import { createSessions, fork, newSession, type SessionFacts, type Sessions, titleOf } from './sessions.ts';
import type { TurnView } from './turn-view.ts';

/** What one turn is asked for. */
export interface TurnOptions {
  messages: readonly Message[];
  signal: AbortSignal;
  /** Sees it, and has shown all of it once it has ended. */
  view: Pick<TurnView, 'onEvent' | 'shown' | 'end'>;
  /** Ends the turn, as the person wants. */
  interrupt(): void;
}

export interface Chat {
  readonly job: Job;
  readonly session: Session;
  readonly sessions: Sessions;
  readonly spill: Spill;
  readonly conversation: Conversation;
  readonly choice: ModelChoice;
  /** As `--model` takes it. */
  readonly modelName: string;
  /** Under which the conversation is kept; absent before its first turn. */
  readonly facts: SessionFacts | undefined;
  /** Runs one turn, and keeps what is said and done as it goes, also where the turn fails. */
  turn(options: TurnOptions): Promise<LoopResult>;
  /** Goes on with another model. Throws as `chooseModel` does. */
  use(model: string): Promise<void>;
  /** Begins a new conversation. */
  clear(): void;
  /** Takes back the last question with all that was said and called since, and gives it; none where none is left. */
  undo(): Promise<LastQuestion | undefined>;
  /** Servers that are being connected for the first time. */
  connecting(): string[];
  /** Keeps what has been said so far. Rejects where that fails. */
  save(): Promise<void>;
}

type Limits = Pick<
  LoopOptions,
  'maxSteps' | 'maxToolCalls' | 'maxTokens' | 'maxCostUsd' | 'maxOutputTokens' | 'timeoutMs'
>;

/** The folder of conversations. */
export const sessionsOf = ({ context }: Pick<Job, 'context'>): Sessions =>
  createSessions(join(stateFolder({ env: context.env }), 'chats'));

/** Opens the servers, chooses the model, and goes on with a conversation where one is wanted. `print`: nobody talks at a terminal. */
export const openChat = async (job: Job, { resumed, print }: { resumed?: string; print: boolean }): Promise<Chat> => {
  const { options, context, open, output, screen } = job;
  const sessions = sessionsOf(job);
  const stored = resumed === undefined ? undefined : await sessions.load(resumed);
  let conversation = createConversation(stored?.conversation as StoredConversation | undefined);
  const sampling = createChatSampling(job, () => conversation);
  const choiceOf = (model: string | undefined, settings: ChatSettings = {}): ModelChoice =>
    chooseModel({ model, baseUrl: options.value('base-url'), settings, env: context.env });
  const { lasting: _, ...opened } = await open({
    lasting: true,
    allowNone: true,
    sampling: ({ chat }) => sampling.handlers(choiceOf(options.value('model'), chat)),
  });
  const session: Session = screen.interactive ? { ...opened, lasting: true } : opened;
  const settings = session.config.chat ?? {};
  const limits = limitsOf(job, settings);
  const system = options.value('system') ?? settings.system;
  const spill = createMemorySpill();
  let choice = choiceOf(options.value('model'), settings);
  let model: ChatModel = (await modelMaker(choice))(session.toolkit);
  sampling.model = model;
  let facts = stored?.facts;
  let starts: TurnStart[] = [];
  let told: string | undefined;
  let writtenLast = facts?.updatedAt;

  const remark = async (text: string): Promise<void> => {
    const { safeLine } = await import('../safe-text.ts');
    await screen.note(output.remarks.yellow(safeLine(`toolway: ${text}`)));
  };

  const save = async (): Promise<void> => {
    if (facts === undefined) return;
    const { id } = facts;
    // As it is now: what comes meanwhile is for the next write.
    const said = conversation.toJSON();
    const writtenAt = await sessions.writtenAt(id);
    // Somebody else goes on with it at the same time: neither loses what was said.
    const isTaken = writtenAt !== undefined && writtenAt !== writtenLast;
    facts = { ...(isTaken ? fork(facts) : facts), model: nameOfChoice(choice), updatedAt: new Date().toISOString() };
    await sessions.save(facts, said);
    writtenLast = facts.updatedAt;
    if (isTaken) await remark(`another chat goes on with ${id}; this one is kept as ${facts.id} from now on`);
  };
  /** Failing is said once, and not at every write. */
  const keep = createKeeper(async () => {
    try {
      await save();
      told = undefined;
    } catch (error) {
      const { message, code = message } = error as NodeJS.ErrnoException;
      if (told !== code) {
        told = code;
        await remark(`this conversation is not kept: ${message}`);
      }
    }
  });
  /** A process may be killed at any time: the question is kept, each call before it is made, and each result. */
  const keepAt = (event: LoopEvent): void => {
    const isFirst = event.type === 'step' && event.step === 1;
    if (isFirst || event.type === 'call' || event.type === 'result') void keep();
  };

  return {
    job,
    session,
    sessions,
    spill,
    get conversation() {
      return conversation;
    },
    get choice() {
      return choice;
    },
    get modelName() {
      return nameOfChoice(choice);
    },
    get facts() {
      return facts;
    },
    save,
    connecting: () => connectingServers(session),
    async turn({ messages, signal, view, interrupt }) {
      const question = textOf(messages);
      facts ??= newSession({ question, cwd: context.cwd, model: nameOfChoice(choice), print });
      if (!print) delete facts.print;
      // The question that it had its title from was taken back.
      if (conversation.messages.length === 0) facts = { ...facts, title: titleOf(question) };
      starts.push({ at: conversation.messages.length, asked: messages });
      sampling.turn = { interrupt, shown: view.shown };
      const toolkit: Toolkit = withPerson(session.toolkit, {
        job,
        interrupt,
        shown: view.shown,
        kept: keep,
        sampling: () => sampling.handlers(choice),
      });
      try {
        return await runToolLoop({
          toolkit,
          model,
          messages,
          conversation,
          spill,
          signal,
          onEvent: (event) => {
            keepAt(event);
            view.onEvent(event);
          },
          ...limits,
          ...(system !== undefined && { system }),
        });
      } finally {
        sampling.turn = undefined;
        await view.end();
        await keep();
      }
    },
    async use(name) {
      const next = choiceOf(name, settings);
      model = (await modelMaker(next))(session.toolkit);
      sampling.model = model;
      choice = next;
    },
    clear() {
      conversation = createConversation();
      facts = undefined;
      starts = [];
    },
    async undo() {
      const last = lastQuestion(conversation.messages, starts);
      if (last === undefined) return undefined;
      starts = starts.filter(({ at }) => at < last.at);
      // What it cost and what was read of others stays on its account.
      const { messages, ...rest } = conversation.toJSON();
      conversation = createConversation({ ...rest, messages: messages.slice(0, last.at) });
      await keep();
      return last;
    },
  };
};

const textOf = (messages: readonly Message[]): string =>
  messages
    .flatMap(({ content }) => content)
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join(' ');

const limitsOf = ({ options }: Pick<Job, 'options'>, settings: ChatSettings): Limits => {
  const count = (name: 'max-steps' | 'max-tool-calls' | 'max-tokens', configured: number | undefined) =>
    options.flag(name) ? countOf(options, name, 1) : configured;
  const limits = {
    maxSteps: count('max-steps', settings.maxSteps),
    maxToolCalls: count('max-tool-calls', settings.maxToolCalls),
    maxTokens: count('max-tokens', settings.maxTokens),
    maxCostUsd: costOf(options.value('max-cost')) ?? settings.maxCost,
    maxOutputTokens: settings.maxOutputTokens,
    timeoutMs: settings.timeoutMs,
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
};

const costOf = (given: string | undefined): number | undefined => {
  if (given === undefined) return undefined;
  const usd = Number(given);
  if (given.trim() !== '' && usd > 0 && Number.isFinite(usd)) return usd;
  throw new ToolwayError('invalid_arguments', `--max-cost must be US dollars above 0, not ${JSON.stringify(given)}`, {
    executed: 'no',
  });
};
