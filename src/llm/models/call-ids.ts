/** What calls are called: here, and by those who asked for them. */
import type { CallPart, Message } from '../message.ts';
import { objectOf, textOf } from './reading.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** An id of a call that no other has: 24 letters and digits, 120 bits of chance. */
export const createCallId = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return `call_${Array.from(bytes, (byte) => LETTERS[byte % 32]).join('')}`;
};

/**
 * The ids by which one request names its calls. The provider's own, where it gave one and no earlier call has it;
 * else `make` gives one, from the number of the call, so that the beginning of a conversation stays the same from one
 * request to the next.
 */
export const wireIdsOf = (
  messages: readonly Message[],
  own: (call: CallPart) => string | undefined,
  make: (call: { id: string; number: number }) => string,
): ((id: string) => string) => {
  const ids = new Map<string, string>();
  const taken = new Set<string>();
  let number = 0;
  for (const message of messages) {
    for (const part of message.content) {
      if (part.type !== 'call' || ids.has(part.id)) continue;
      number += 1;
      const known = own(part);
      let id = known === undefined || known === '' || taken.has(known) ? make({ id: part.id, number }) : known;
      while (taken.has(id)) {
        number += 1;
        id = make({ id: part.id, number });
      }
      taken.add(id);
      ids.set(part.id, id);
    }
  }
  return (id) => ids.get(id) ?? id;
};

/** The id that the provider gave a call, where it was this API that gave it. */
export const providerIdOf = (call: CallPart, api: string, field = 'id'): string | undefined =>
  call.raw?.api === api ? textOf(objectOf(call.raw.value)[field]) || undefined : undefined;
