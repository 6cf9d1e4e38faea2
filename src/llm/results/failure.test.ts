import { expect, test } from 'vitest';
import { type ErrorCode, type ErrorFacts, ToolwayError } from '../../errors.ts';
import { failureParts } from './failure.ts';
import { estimateTokens } from './tokens.ts';

const told = (code: ErrorCode, reason: string, facts: ErrorFacts = {}): string =>
  failureParts(new ToolwayError(code, reason, { server: 's', tool: 't', ...facts }))
    .map(({ text }) => text)
    .join('\n');

test('a call that may have run is to be looked after before it is tried again', () => {
  const text = 'It may have run: find out whether it took effect before you try it again.';
  expect(told('outcome_unknown', 'the connection was lost', { executed: 'unknown' })).toBe(
    `The call failed (outcome_unknown): s.t: the connection was lost\n${text}`,
  );
  expect(told('timeout', 'no answer', { executed: 'unknown' })).toContain(text);
});

test('what is denied was not run, and is for a person to decide', () => {
  expect(told('denied', 'nobody agreed', { executed: 'no' })).toBe(
    'The call failed (denied): s.t: nobody agreed\nIt was not run.\nDo not try to reach the same in another way: a person decides on it.',
  );
});

test('arguments that are wrong are named one by one, a few of them', () => {
  const problems = Array.from({ length: 25 }, (_, n) => ({ path: n === 0 ? '' : `/p${n}`, message: 'is\nmissing' }));
  const text = told('invalid_arguments', 'wrong', { executed: 'no', problems });
  expect(text).toContain('\n- the arguments: is missing\n- /p1: is missing\n');
  expect(text).toContain('- /p19: is missing\n- and 5 more\nIt was not run.\nCorrect the arguments and call again.');
});

test('the nearest names, a wait and a sign-in are told', () => {
  expect(told('unknown_tool', 'no such tool', { matches: ['s.u', 's.v'] })).toContain('Did you mean s.u, s.v?');
  expect(told('rate_limited', 'too many', { retryAfterMs: 1_200 })).toContain('It may work in 2 seconds.');
  expect(told('auth_required', 'sign in')).toContain('A person has to sign in first.');
  expect(told('server_error', 'broken', { executed: 'yes' })).toContain('It had taken effect.');
});

test('the words of a server are bounded and can be seen', () => {
  expect(told('server_error', 'a\u200bb')).toContain('a[U+200B]b');
  expect(estimateTokens(told('server_error', 'word '.repeat(100_000)))).toBeLessThan(1_100);
});
