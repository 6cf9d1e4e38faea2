/** Makes a history one that every provider takes: each call has one result, in the order of the calls, right behind it. */
import type { CallPart, Message, Part, ResultPart } from '../message.ts';
import { createIds } from './ids.ts';

export const INTERRUPTED = 'Interrupted: there is no result. The call may have run; verify before you make it again.';

/** What stands for the result of a call for as long as there is none. */
export const interrupted = ({ id, name }: Pick<CallPart, 'id' | 'name'>): ResultPart => ({
  type: 'result',
  id,
  name,
  content: [{ type: 'text', text: INTERRUPTED }],
  isError: true,
  executed: 'unknown',
});

/** A call, and what it is known by after the repair. */
interface Slot {
  call: CallPart;
  result?: ResultPart;
}

/** The calls of one id. */
interface Namesakes {
  /** Those that have no result yet, in their order. */
  waiting: Slot[];
  last: Slot;
}

/**
 * A history in which results that are missing are added as `interrupted`, results without a call are dropped, those that
 * came late are moved to their call, of several for one call a real one is kept, and ids that several calls had are told
 * apart. Messages without content are dropped. A history that is whole stays the same; the original is left as it is.
 */
export const repaired = (messages: readonly Message[]): Message[] => {
  const ids = createIds();
  const slots = new Map<string, Namesakes>();
  const groups: { message: Message; slots: Slot[] }[] = [];
  for (const message of messages) {
    const own: Slot[] = [];
    const content: Part[] = [];
    for (const part of message.content) {
      if (part.type === 'result') fill(slots.get(part.id), part);
      else if (part.type !== 'call') content.push(part);
      else if (message.role === 'assistant') {
        const id = ids.take(part.id);
        const call = id === part.id ? part : { ...part, id };
        const slot: Slot = { call };
        const waiting = slots.get(part.id)?.waiting ?? [];
        waiting.push(slot);
        slots.set(part.id, { waiting, last: slot });
        own.push(slot);
        content.push(call);
      }
    }
    if (content.length === 0) continue;
    const isSame =
      content.length === message.content.length && content.every((part, at) => part === message.content[at]);
    // What stands beside results, and is none, was said by the user's side.
    const role = message.role === 'tool' ? 'user' : message.role;
    groups.push({ message: isSame && role === message.role ? message : { role, content }, slots: own });
  }
  return groups.flatMap(({ message, slots: own }) =>
    own.length === 0
      ? [message]
      : [message, { role: 'tool', content: own.map(({ call, result }) => resultOf(call, result)) }],
  );
};

/** The result goes to the latest call of its id that has none, found at once however many there are. */
const fill = (calls: Namesakes | undefined, result: ResultPart): void => {
  const slot = calls?.waiting.pop() ?? calls?.last;
  if (slot !== undefined && (slot.result === undefined || isInterrupted(slot.result))) slot.result = result;
};

const resultOf = (call: CallPart, result: ResultPart | undefined): ResultPart => {
  if (result === undefined) return interrupted(call);
  return result.id === call.id ? result : { ...result, id: call.id };
};

const isInterrupted = ({ content: [first] }: ResultPart): boolean =>
  first?.type === 'text' && first.text === INTERRUPTED;
