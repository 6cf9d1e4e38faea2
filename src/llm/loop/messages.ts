/** What the user's side says, as messages, and what the model said last, as text. */
import { ToolwayError } from '../../errors.ts';
import type { Message, Part } from '../message.ts';
import type { ModelStop } from '../model.ts';
import type { Conversation } from './conversation.ts';
import type { LoopOptions } from './options.ts';
import { checkMessages } from './stored.ts';

/** Throws `invalid_arguments` where there is nothing that a model could answer. */
export const messagesOf = (given: LoopOptions['messages'], { messages }: Pick<Conversation, 'messages'>): Message[] => {
  const plain = typeof given === 'string' ? [{ role: 'user' as const, content: given }] : given;
  const added = checkMessages(Array.isArray(plain) ? plain.map(withParts) : plain);
  const last = added.at(-1) ?? messages.at(-1);
  if (last === undefined || last.role === 'assistant' || added.some(({ content }) => content.length === 0)) {
    const message = 'must end with something for the model to answer, and hold no empty message';
    throw new ToolwayError('invalid_arguments', `messages ${message}`, {
      executed: 'no',
      problems: [{ path: '/messages', message }],
    });
  }
  return added;
};

const withParts = (message: unknown): unknown => {
  const { role, content } = (message ?? {}) as { role?: unknown; content?: unknown };
  if (typeof content !== 'string') return message;
  return { role, content: content === '' ? [] : [{ type: 'text', text: content }] };
};

export const textOf = (parts: readonly Part[]): string =>
  parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');

/** The text of the last message of the model. */
export const lastText = (messages: readonly Message[]): string =>
  textOf(messages.findLast(({ role }) => role === 'assistant')?.content ?? []);

/** Whether a message broke off, so that no call of it is to be made. */
export const isCut = (stop: ModelStop): stop is 'length' | 'context' | 'refusal' | 'filter' =>
  stop === 'length' || stop === 'context' || stop === 'refusal' || stop === 'filter';
