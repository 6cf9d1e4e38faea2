import { expect, test } from 'vitest';
import type { CallPart, Message } from '../message.ts';
import { plainIdOf, providerIdOf, wireIdsOf } from './call-ids.ts';

const API = 'anthropic';
const call = (id: string, theirs?: string): CallPart => ({
  type: 'call',
  id,
  name: 'look',
  arguments: {},
  ...(theirs !== undefined && { raw: { api: API, model: 'one', value: { id: theirs } } }),
});
const idsOf = (...calls: CallPart[]): string[] => {
  const messages: Message[] = [{ role: 'assistant', content: calls }];
  let tries = 0;
  const idOf = wireIdsOf(
    messages,
    (part) => providerIdOf(part, API),
    (wanted) => {
      tries += 1;
      // What never ends could not be told otherwise.
      if (tries > 100) throw new Error('no end of it');
      return plainIdOf(wanted);
    },
  );
  return calls.map(({ id }) => idOf(id));
};

test('a call goes by the id that its provider gave it, else by its own, else by a number', () => {
  expect(idsOf(call('a', 'toolu_1'), call('b'), call('c d'))).toEqual(['toolu_1', 'b', 'call_3']);
});

test('a call whose own id is what a provider called another one gets a number', () => {
  expect(idsOf(call('a', 'b'), call('b'))).toEqual(['b', 'call_3']);
  expect(idsOf(call('call_3', 'b'), call('b', 'b'), call('c', 'call_3'))).toEqual(['b', 'call_3', 'c']);
});
