import { describe, expect, test } from 'vitest';
import { type ErrorCode, type ErrorFacts, ToolwayError } from '../errors.ts';
import { isUnreachable, type Verdict, verdictOn } from './verdict.ts';

const lostLink = new ToolwayError('server_exited', 'exited with code 1');

const FAILURES: [string, ErrorCode, ErrorFacts, Verdict][] = [
  ['a refused connection', 'connect_failed', { executed: 'no' }, 'link'],
  ['an untrusted certificate', 'connect_failed', { executed: 'no', permanent: true }, 'nothing'],
  ['a connection that broke under the answer', 'outcome_unknown', { cause: new Error('reset') }, 'link'],
  ['HTTP 500 without an answer', 'outcome_unknown', { status: 500 }, 'link'],
  ['HTTP 503 without an answer', 'outcome_unknown', { status: 503 }, 'link'],
  ['HTTP 408', 'outcome_unknown', { status: 408 }, 'nothing'],
  ['a lost link, which tells of itself', 'outcome_unknown', { cause: lostLink }, 'nothing'],
  ['a page instead of an answer', 'protocol_error', { executed: 'unknown', status: 200 }, 'link'],
  ['HTTP 404', 'protocol_error', { executed: 'no', status: 404 }, 'nothing'],
  ['an answer over the limit', 'message_too_large', { limit: 1 }, 'link'],
  ['HTTP 413', 'message_too_large', { status: 413 }, 'nothing'],
  ['nothing in all the time', 'timeout', {}, 'link'],
  ['an internal error', 'server_error', { rpcCode: -32_603 }, 'internal'],
  ['HTTP 401', 'auth_required', { status: 401 }, 'nothing'],
  ['HTTP 403', 'forbidden', { status: 403 }, 'nothing'],
  ['HTTP 429', 'rate_limited', { status: 429 }, 'nothing'],
  ['a user who cancels', 'cancelled', {}, 'nothing'],
  ['a full queue', 'backpressure', {}, 'nothing'],
  ['a tool that is another one by now', 'tool_changed', {}, 'nothing'],
  ['a refused approval', 'denied', {}, 'nothing'],
  ['a defect of ours', 'internal', {}, 'nothing'],
];

describe('what a failure says of the server', () => {
  test.each(FAILURES)('%s: %4$s', (_, code, facts, verdict) => {
    expect(verdictOn({ state: 'handed_over', heard: false }, new ToolwayError(code, 'why', facts))).toBe(verdict);
  });
  const late = new ToolwayError('timeout', 'why');
  test('a timeout says nothing of a server that gave a sign of life for the call', () => {
    expect(verdictOn({ state: 'answering', heard: false }, late)).toBe('nothing');
    expect(verdictOn({ state: 'handed_over', heard: true }, late)).toBe('nothing');
  });
});

test.each([
  ['connect_failed', true],
  ['connect_timeout', true],
  ['spawn_failed', true],
  ['server_exited', true],
  ['timeout', true],
  ['outcome_unknown', true],
  ['protocol_error', true],
  ['auth_required', false],
  ['forbidden', false],
  ['rate_limited', false],
  ['server_error', false],
  ['unsupported', false],
  ['closed', false],
] as const)('an attempt to connect that ends with %s is a failure of the server: %s', (code, is) => {
  expect(isUnreachable(new ToolwayError(code, 'why'))).toBe(is);
  expect(isUnreachable(new ToolwayError(code, 'why', { permanent: true }))).toBe(false);
});
