import { expect, test } from 'vitest';
import type { JsonObject } from '../../protocol/types.ts';
import type { Message } from '../message.ts';
import { answerOf, createWritten } from './sampling-messages.ts';

const sky = { server: 'sky', scope: '' };
const blocks = (id: string): JsonObject[] => [{ type: 'tool_use', id, name: 'look', input: {} }];
const message = (id: string): Message => ({
  role: 'assistant',
  content: [{ type: 'call', id, name: 'look', arguments: {} }],
});

test('of messages with calls the last hundred are kept, each for who was given it, and as it was given', () => {
  const written = createWritten();
  for (let n = 0; n <= 100; n += 1) written.put(sky, blocks(`${n}`), message(`${n}`));
  expect(written.take(sky, blocks('0'))).toBeUndefined();
  expect(written.take(sky, blocks('1'))).toEqual(message('1'));
  expect(written.take(sky, [{ ...blocks('100')[0], _meta: {} }])).toEqual(message('100'));
  expect(written.take(sky, [{ ...blocks('100')[0], input: { more: 1 } }])).toBeUndefined();
  expect(written.take({ ...sky, server: 'other' }, blocks('100'))).toBeUndefined();
  expect(written.take({ ...sky, scope: 'other' }, blocks('100'))).toBeUndefined();
});

test('a call has an id that the history has not, and none in common with another', () => {
  const calls = ['a', 'b', 'b', ''].flatMap((id) => message(id).content);
  const request = { messages: [{ role: 'assistant' as const, content: blocks('a') }], maxTokens: 1 };
  const brought = { tools: [], nameOf: String, callOf: (name: string, input: JsonObject) => ({ name, input }) };
  const done = { type: 'done', message: { role: 'assistant', content: calls }, stop: 'calls', usage: {} } as const;
  const { result } = answerOf(done, request, { ...brought, toolChoice: 'auto', media: undefined });
  const ids = (result.content as JsonObject[]).map(({ id }) => id);
  expect(new Set([...ids, 'a', '']).size).toBe(6);
  expect(ids[1]).toBe('b');
});
