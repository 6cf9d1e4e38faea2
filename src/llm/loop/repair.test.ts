import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isWhole } from '../../../test/fixtures/llm/loop-world.ts';
import type { CallPart, Message, Part, ResultPart } from '../message.ts';
import { INTERRUPTED, repaired } from './repair.ts';

const call = (id: string): CallPart => ({ type: 'call', id, name: 'add', arguments: {} });
const result = (id: string, text = 'given'): ResultPart => ({
  type: 'result',
  id,
  name: 'add',
  content: [{ type: 'text', text }],
});
const user = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] });
const assistant = (...content: Part[]): Message => ({ role: 'assistant', content });
const tool = (...content: Part[]): Message => ({ role: 'tool', content });
const lost = (id: string): ResultPart => ({ ...result(id, INTERRUPTED), isError: true, executed: 'unknown' });

test('a result that is missing is added as one that may have run', () => {
  expect(repaired([user('Go'), assistant(call('a'), call('b')), tool(result('b'))])).toEqual([
    user('Go'),
    assistant(call('a'), call('b')),
    tool(lost('a'), result('b')),
  ]);
  expect(repaired([assistant(call('a')), user('Hello?')])).toEqual([
    assistant(call('a')),
    tool(lost('a')),
    user('Hello?'),
  ]);
});

test('a result without a call is dropped', () => {
  expect(repaired([tool(result('x')), user('Go'), tool(result('y'))])).toEqual([user('Go')]);
});

test('a late result is moved to its call, and results into the order of the calls', () => {
  const late = [assistant(call('a'), call('b')), user('Wait'), tool(result('b')), user('So?'), tool(result('a'))];
  expect(repaired(late)).toEqual([
    assistant(call('a'), call('b')),
    tool(result('a'), result('b')),
    user('Wait'),
    user('So?'),
  ]);
});

test('of several results of a call a real one is kept, whenever it came', () => {
  const both = [assistant(call('a')), tool(lost('a'), result('a', 'real'), result('a', 'again'))];
  expect(repaired(both)).toEqual([assistant(call('a')), tool(result('a', 'real'))]);
});

test('calls that share an id are told apart, each with its own result', () => {
  const [first, one, second, other] = repaired([
    assistant(call('a')),
    tool(result('a', 'one')),
    assistant(call('a')),
    tool(result('a', 'two')),
  ]);
  expect([first, one]).toEqual([assistant(call('a')), tool(result('a', 'one'))]);
  const id = second?.content[0]?.type === 'call' ? second.content[0].id : '';
  expect(id).not.toBe('a');
  expect(other).toEqual(tool(result(id, 'two')));
});

test('a history that is whole stays what it is', () => {
  const whole = [
    user('Go'),
    assistant({ type: 'text', text: 'I add' }, call('a')),
    tool(result('a')),
    assistant(call('b')),
    tool(result('b')),
  ];
  expect(repaired(whole)).toEqual(whole);
});

const part = fc.oneof(
  fc.constantFrom('a', 'b', 'c', '').map(call),
  fc.constantFrom('a', 'b', 'c', '').map((id) => result(id)),
  fc.constant<Part>({ type: 'text', text: 'x' }),
);
const message = fc.record({
  role: fc.constantFrom('user' as const, 'assistant' as const, 'tool' as const),
  content: fc.array(part, { maxLength: 4 }),
});

test('whatever a history was, it becomes whole, and a second repair changes nothing', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
      const before = structuredClone(messages);
      const once = repaired(messages);
      expect(isWhole(once)).toBe(true);
      expect(repaired(once)).toEqual(once);
      expect(messages).toEqual(before);
    }),
  );
});

test('calls of one id are told apart at once, however many there are', () => {
  // Looking through all of them for each takes longer than a test may.
  const CALLS = 100_000;
  const calls = Array.from({ length: CALLS }, () => call('same'));
  const results = Array.from({ length: 2 * CALLS }, (_, at) => result('same', `${at}`));
  const whole = repaired([
    { role: 'assistant', content: calls },
    { role: 'tool', content: results },
  ]);
  const [first, last] = [0, CALLS - 1].map((at) => whole[1]?.content[at]);
  expect(whole[1]?.content).toHaveLength(CALLS);
  expect(last).toMatchObject({ content: [{ text: '0' }] });
  expect(first).toMatchObject({ content: [{ text: `${CALLS - 1}` }] });
});
