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
 * else `make` gives one, of what the call is called here where that is still free, and from its number, so that the
 * beginning of a conversation stays the same from one request to the next.
 */
export const wireIdsOf = (
  messages: readonly Message[],
  own: (call: CallPart) => string | undefined,
  make: (call: { id?: string; number: number }) => string,
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
        id = make({ number });
      }
      taken.add(id);
      ids.set(part.id, id);
    }
  }
  return (id) => ids.get(id) ?? id;
};

/** For `wireIdsOf`, where a provider takes letters, digits, `_` and `-`, up to 64 of them. */
export const plainIdOf = ({ id = '', number }: { id?: string; number: number }): string =>
  /^[\w-]{1,64}$/.test(id) ? id : `call_${number}`;

/** The id that the provider gave a call, where it was this API that gave it. */
export const providerIdOf = (call: CallPart, api: string, field = 'id'): string | undefined =>
  call.raw?.api === api ? textOf(objectOf(call.raw.value)[field]) || undefined : undefined;
