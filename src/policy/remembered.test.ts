import { expect, test } from 'vitest';
import { createRemembered, type Subject } from './remembered.ts';

const server = {};
const subject = (more: Partial<Subject> = {}): Subject => ({
  server,
  principal: undefined,
  scope: '',
  by: 'rule 1',
  definition: '{}',
  arguments: {},
  ...more,
});
const YES = { approved: true };

test('an answer for one call is found for that call alone', () => {
  const remembered = createRemembered();
  remembered.keep(subject({ arguments: { a: 1, b: 2 } }), YES, 'call');
  expect(remembered.find(subject({ arguments: { b: 2, a: 1 } }))).toBe(YES);
  for (const other of [
    { arguments: { a: 1 } },
    { arguments: { a: 1, b: 2 }, principal: 'p' },
    { arguments: { a: 1, b: 2 }, scope: 's' },
    { arguments: { a: 1, b: 2 }, by: 'rule 2' },
    { arguments: { a: 1, b: 2 }, definition: '{"title":""}' },
    { arguments: { a: 1, b: 2 }, server: {} },
  ])
    expect(remembered.find(subject(other))).toBeUndefined();
});

test('an answer for one call goes before one for the tool', () => {
  const remembered = createRemembered();
  const no = { approved: false };
  remembered.keep(subject({ arguments: { a: 1 } }), YES, 'tool');
  remembered.keep(subject({ arguments: { a: 2 } }), no, 'call');
  expect([1, 2, 3].map((a) => remembered.find(subject({ arguments: { a } }))?.approved)).toEqual([true, false, true]);
});

test('beyond the number of entries the oldest is forgotten', () => {
  const remembered = createRemembered({ maxEntries: 2 });
  for (const a of [1, 2, 3]) remembered.keep(subject({ arguments: { a } }), YES, 'call');
  expect([1, 2, 3].map((a) => remembered.find(subject({ arguments: { a } })))).toEqual([undefined, YES, YES]);
});

test('beyond the number of characters the oldest is forgotten, and what is too long by itself is not kept', () => {
  const remembered = createRemembered({ maxChars: 200 });
  const one = subject({ arguments: { text: 'a'.repeat(120) } });
  const other = subject({ arguments: { text: 'b'.repeat(120) } });
  const long = subject({ arguments: { text: 'c'.repeat(400) } });
  remembered.keep(one, YES, 'call');
  remembered.keep(other, YES, 'call');
  expect([one, other].map((each) => remembered.find(each))).toEqual([undefined, YES]);
  remembered.keep(long, YES, 'call');
  expect(remembered.find(long)).toBeUndefined();
});
