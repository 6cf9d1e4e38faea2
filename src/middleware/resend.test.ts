import { describe, expect, test } from 'vitest';
import { callFor } from '../../test/fixtures/scripted-peer.ts';
import { type ErrorCode, type ErrorFacts, ToolwayError } from '../errors.ts';
import type { Tool } from '../protocol/types.ts';
import { mayResend, type ResendRules } from './resend.ts';

const tool = (more: Partial<Tool> = {}): Tool => ({ name: 'charge', inputSchema: { type: 'object' }, ...more });
const callOf = (definition: Tool) => callFor('tools/call', { name: definition.name }, { tool: definition });

const read = callFor('resources/read', { uri: 'a:b' });
const plain = callOf(tool());
const NO_RULES: ResendRules = {};

/** Who may send again: nobody, only what reads and what the operator calls safe, or everybody. */
type Cell = 'nobody' | 'safe' | 'everybody';
const FAILURES: [string, ErrorCode, ErrorFacts, Cell][] = [
  ['the connection is refused, the name unknown, TLS fails', 'connect_failed', { executed: 'no' }, 'everybody'],
  ['the certificate is not trusted', 'connect_failed', { executed: 'no', permanent: true }, 'nobody'],
  ['the session could not be opened again', 'not_connected', { executed: 'no' }, 'everybody'],
  ['the server was given up', 'connect_failed', { executed: 'no', permanent: true }, 'nobody'],
  ['the process died before a byte was written', 'server_exited', { executed: 'no' }, 'everybody'],
  ['HTTP 429', 'rate_limited', { executed: 'no', status: 429 }, 'everybody'],
  ['the link broke before the answer', 'outcome_unknown', { executed: 'unknown' }, 'safe'],
  ['HTTP 500 without an answer', 'outcome_unknown', { executed: 'unknown', status: 500 }, 'safe'],
  ['HTTP 502', 'outcome_unknown', { executed: 'unknown', status: 502 }, 'safe'],
  ['HTTP 503 without an answer', 'outcome_unknown', { executed: 'unknown', status: 503 }, 'safe'],
  ['HTTP 504', 'outcome_unknown', { executed: 'unknown', status: 504 }, 'safe'],
  ['HTTP 200 with a page instead of an answer', 'protocol_error', { executed: 'unknown', status: 200 }, 'safe'],
  ['an answer that makes no sense', 'protocol_error', { executed: 'yes' }, 'nobody'],
  ['HTTP 404 of an address without a session', 'protocol_error', { executed: 'no', status: 404 }, 'nobody'],
  ['HTTP 400', 'protocol_error', { executed: 'unknown', status: 400 }, 'nobody'],
  ['HTTP 413', 'message_too_large', { executed: 'no', status: 413 }, 'nobody'],
  ['an answer over the limit', 'message_too_large', { executed: 'unknown' }, 'nobody'],
  ['a JSON-RPC error', 'server_error', { executed: 'unknown', rpcCode: -32_603 }, 'nobody'],
  ['a JSON-RPC error that proves that nothing ran', 'server_error', { executed: 'no', rpcCode: -32_601 }, 'nobody'],
  ['HTTP 401', 'auth_required', { executed: 'no', status: 401 }, 'nobody'],
  ['HTTP 403', 'forbidden', { executed: 'no', status: 403 }, 'nobody'],
  ['the time is over', 'timeout', { executed: 'unknown' }, 'nobody'],
  ['the caller does not want it any more', 'cancelled', { executed: 'unknown' }, 'nobody'],
  ['our breaker is open', 'breaker_open', { executed: 'no' }, 'nobody'],
  ['our queue is full', 'backpressure', { executed: 'no' }, 'nobody'],
  ['it was not approved', 'denied', { executed: 'no' }, 'nobody'],
  ['the arguments are wrong', 'invalid_arguments', { executed: 'no' }, 'nobody'],
  ['the tool is another one by now', 'tool_changed', { executed: 'no' }, 'nobody'],
  ['the toolkit is closed', 'closed', { executed: 'no' }, 'nobody'],
  ['the program could not be started', 'spawn_failed', { executed: 'no' }, 'nobody'],
  ['a defect of ours', 'internal', { executed: 'unknown' }, 'nobody'],
];

describe.each(FAILURES)('when %s', (_, code, facts, cell) => {
  const error = new ToolwayError(code, 'why', facts);

  test(`a tool call ${cell === 'everybody' ? 'may' : 'may not'} be sent again`, () => {
    expect(mayResend(plain, error, NO_RULES)).toBe(cell === 'everybody');
  });
  test(`a request that only reads ${cell === 'nobody' ? 'may not' : 'may'}`, () => {
    expect(mayResend(read, error, NO_RULES)).toBe(cell !== 'nobody');
  });
  test(`a tool that the operator calls safe ${cell === 'nobody' ? 'may not' : 'may'}`, () => {
    expect(mayResend(plain, error, { retrySafe: ['cha*'] })).toBe(cell !== 'nobody');
  });
});

describe('when nobody knows whether it ran', () => {
  const lost = new ToolwayError('outcome_unknown', 'why', { executed: 'unknown' });

  test.each([
    'ping',
    'server/discover',
    'tools/list',
    'resources/list',
    'resources/templates/list',
    'resources/read',
    'prompts/list',
    'prompts/get',
    'completion/complete',
    'tasks/get',
  ])('%s is sent again', (method) => {
    expect(mayResend(callFor(method), lost, NO_RULES)).toBe(true);
  });
  test.each(['resources/subscribe', 'logging/setLevel', 'tasks/cancel', 'acme/own'])(
    '%s, which may have an effect, is not',
    (method) => {
      expect(mayResend(callFor(method), lost, { retrySafe: ['*'], trustHints: true })).toBe(false);
    },
  );
  test('a tool is not for being named like a safe one', () => {
    expect(mayResend(plain, lost, { retrySafe: ['charg', 'harge', 'search'] })).toBe(false);
  });

  test.each([
    [{ readOnlyHint: true }, true],
    [{ idempotentHint: true }, true],
    [{ readOnlyHint: false, destructiveHint: false }, false],
    [undefined, false],
  ])('a tool with the hints %o of a trusted server: %s', (annotations, may) => {
    const call = callOf(tool({ annotations }));
    expect(mayResend(call, lost, { trustHints: true })).toBe(may);
    expect(mayResend(call, lost, { trustHints: false })).toBe(false);
  });
  test('a hint that is no boolean is none', () => {
    const annotations = { readOnlyHint: 'yes' } as unknown as Tool['annotations'];
    expect(mayResend(callOf(tool({ annotations })), lost, { trustHints: true })).toBe(false);
  });

  test('a task is not made twice, however safe the tool is', () => {
    const call = callOf(tool({ execution: { taskSupport: 'required' } }));
    expect(mayResend(call, lost, { retrySafe: ['*'] })).toBe(false);
    expect(mayResend(plain, lost.with({ taskId: 't1' }), { retrySafe: ['*'] })).toBe(false);
  });
});

test('a task whose creation was refused is asked for again', () => {
  const call = callOf(tool({ execution: { taskSupport: 'required' } }));
  expect(mayResend(call, new ToolwayError('rate_limited', 'why', { executed: 'no' }), NO_RULES)).toBe(true);
});

test('a call in whose course the server asked something began to run, whatever refuses its continuation', () => {
  const call = callOf(tool());
  call.asked = true;
  const refused = new ToolwayError('rate_limited', 'why', { executed: 'no' });
  expect(mayResend(call, refused, NO_RULES)).toBe(false);
  expect(mayResend(call, refused, { retrySafe: ['charge'] })).toBe(true);
});
