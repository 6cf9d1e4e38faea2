/** A conversation with a model: what was said, what the model has read of others, and what it cost. */
import { ToolwayError } from '../../errors.ts';
import type { Taint, TaintSource } from '../../permission.ts';
import type { CallPart, Message, ResultPart } from '../message.ts';
import type { Price, Usage } from '../model.ts';
import { createMemorySpill, type Spill } from '../results/spill.ts';
import { type Account, addUsage, costOf } from './cost.ts';
import { createIds, randomId } from './ids.ts';
import { interrupted, repaired } from './repair.ts';
import { createSightings, type Seen, type Sightings } from './sightings.ts';
import { readConversation } from './stored.ts';
import { createTaintSet, sourcesIn, sourcesOfSaid } from './taint.ts';

/**
 * What goes on from run to run. At every moment it is one that a provider takes: a call whose result has not come yet
 * has one that says so.
 */
export interface Conversation {
  readonly id: string;
  /** Grows while a run is under way. */
  readonly messages: readonly Message[];
  /** What the model has read that others wrote, as of now. It never shrinks. */
  readonly taint: Taint;
  readonly usage: Usage;
  /** In US dollars; absent where the price of a model that took part is not known. */
  readonly costUsd?: number;
  /** As JSON, for `createConversation`. */
  toJSON(): StoredConversation;
}

/** A conversation as it is stored. */
export interface StoredConversation {
  version: 1;
  id: string;
  messages: Message[];
  taint: Taint;
  usage: Usage;
  costUsd?: number;
  /** What the model was shown of tools, by server, as hashes: what differs later was written by others. */
  seen?: Seen;
}

/** What the loop may do with a conversation, and nobody else. */
export interface History {
  readonly conversation: Conversation;
  /** Keeps others out until the function that it gives is called. Throws `invalid_arguments` where somebody is in. */
  enter(): () => void;
  /** Takes in what the user's side says. */
  add(messages: readonly Message[]): void;
  /** Takes in what the model says, each call with an id of its own and a result that stands for the one to come. */
  say(message: Message): CallPart[];
  /** Gives a call of the last message its result. This, `add`, `say` and `read` are where taint comes in. */
  settle(result: ResultPart, sources: readonly TaintSource[]): void;
  /** The model reads what is no part of a message. */
  read(sources: readonly TaintSource[]): void;
  /** What the model was shown of tools. */
  readonly sightings: Sightings;
  spend(usage: Usage, price: Price | undefined): void;
  readonly account: Account;
  /** What keeps too long results where nothing else does. */
  readonly spill: Spill;
  /** Something was kept. */
  spilled: boolean;
  readonly isResumed: boolean;
}

const histories = new WeakMap<Conversation, History>();

/** The inside of a conversation. Throws `invalid_arguments` for what `createConversation` has not made. */
export const historyOf = (conversation: Conversation): History => {
  const history = histories.get(conversation);
  if (history === undefined) {
    throw new ToolwayError(
      'invalid_arguments',
      'the conversation is none of createConversation: give it what was stored',
      {
        executed: 'no',
      },
    );
  }
  return history;
};

/**
 * A new conversation, or one that was stored and goes on: the object of `toJSON`, or what `JSON.parse` made of it. A
 * history that breaks off or contradicts itself is mended; without readable `taint` it counts as tainted. Throws
 * `invalid_arguments` for what is no conversation at all.
 */
export const createConversation = (stored?: StoredConversation): Conversation => {
  const from = stored === undefined ? undefined : readConversation(stored);
  const id = from?.id ?? randomId('conversation_');
  const messages: Message[] = [];
  const ids = createIds();
  const taint = createTaintSet(from?.taint);
  const sightings = createSightings(id, from?.seen);
  let account: Account = {
    usage: from?.usage ?? {},
    usd: from?.costUsd ?? 0,
    unpriced: from === undefined || from.costUsd !== undefined ? 0 : 1,
  };
  let entered = false;
  let spill: Spill | undefined;
  /** The results of the last message's calls. */
  let results: Message | undefined;

  const conversation: Conversation = {
    id,
    messages,
    get taint() {
      return taint.now;
    },
    get usage() {
      return account.usage;
    },
    get costUsd() {
      return account.unpriced === 0 ? account.usd : undefined;
    },
    toJSON: () => ({
      version: 1,
      id,
      messages: messages.map(({ role, content }) => ({ role, content: [...content] })),
      taint: taint.now,
      usage: account.usage,
      ...(account.unpriced === 0 && { costUsd: account.usd }),
      seen: sightings.toJSON(),
    }),
  };
  const push = (message: Message): void => {
    for (const part of message.content) if (part.type === 'call') ids.take(part.id);
    messages.push(message);
  };
  for (const message of repaired(from?.messages ?? [])) push(message);

  histories.set(conversation, {
    conversation,
    enter() {
      if (entered) {
        throw new ToolwayError('invalid_arguments', 'a run of this conversation is under way already', {
          executed: 'no',
        });
      }
      entered = true;
      return () => {
        entered = false;
      };
    },
    add(added) {
      for (const message of added) taint.add(sourcesIn(message));
      // Ids of a history that is handed in say nothing about those that are here.
      const own = new Map<string, string>();
      for (const message of repaired(added)) {
        const content = message.content.map((part) => {
          if (part.type === 'call') own.set(part.id, ids.take(part.id));
          return part.type === 'call' || part.type === 'result' ? { ...part, id: own.get(part.id) ?? part.id } : part;
        });
        messages.push({ role: message.role, content });
      }
    },
    say(message) {
      const { content } = message;
      taint.add(sourcesOfSaid(message));
      if (content.length === 0) return [];
      const said = content.map((part) => (part.type === 'call' ? { ...part, id: ids.take(part.id) } : part));
      const calls = said.filter((part) => part.type === 'call');
      messages.push({ role: 'assistant', content: said });
      if (calls.length > 0) {
        results = { role: 'tool', content: calls.map(interrupted) };
        messages.push(results);
      }
      return calls;
    },
    settle(result, sources) {
      const at = results?.content.findIndex((part) => part.type === 'result' && part.id === result.id) ?? -1;
      if (results === undefined || at < 0) return;
      results.content[at] = result;
      taint.add(sources);
    },
    read: (sources) => taint.add(sources),
    sightings,
    spend(spent, price) {
      const { usage, usd, unpriced } = account;
      const cost = price && costOf(spent, price);
      account = {
        usage: addUsage(usage, spent),
        usd: usd + (cost ?? 0),
        unpriced: unpriced + (cost === undefined ? 1 : 0),
      };
    },
    get account() {
      return account;
    },
    get spill() {
      spill ??= createMemorySpill();
      return spill;
    },
    spilled: false,
    isResumed: from !== undefined,
  });
  return conversation;
};
