/** The last question of a conversation, with what came of it. */
import type { Message } from '../../llm/message.ts';

/** Where a turn began, and what was asked then. */
export interface TurnStart {
  /** Messages that were there before it. */
  at: number;
  asked: readonly Message[];
}

export interface LastQuestion extends TurnStart {
  /** Calls since then that ran, or may have run, as the model calls them. */
  ran: readonly string[];
}

/** The last one of `starts`; in a conversation that was kept, what the user said last. */
export const lastQuestion = (messages: readonly Message[], starts: readonly TurnStart[]): LastQuestion | undefined => {
  const start = starts.findLast(({ at }) => at < messages.length) ?? saidLast(messages);
  if (start === undefined) return undefined;
  const ran = messages
    .slice(start.at)
    .flatMap(({ content }) =>
      content.flatMap((part) => (part.type === 'result' && part.executed !== 'no' ? [part.name] : [])),
    );
  return { ...start, ran: [...new Set(ran)] };
};

const saidLast = (messages: readonly Message[]): TurnStart | undefined => {
  const at = messages.findLastIndex(({ role }) => role === 'user');
  const message = messages[at];
  return message && { at, asked: [message] };
};
