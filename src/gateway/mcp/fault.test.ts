import { expect, test } from 'vitest';
import { type ErrorCode, ToolwayError } from '../../errors.ts';
import { faultOf } from './fault.ts';

test("a server's own error is passed on as it was", () => {
  const facts = { server: 's', tool: 't', rpcCode: -32050, data: { own: 1 } };
  const error = new ToolwayError('server_error', 'it broke (JSON-RPC error -32050)', facts);
  expect(faultOf(error, 'legacy')).toEqual({ code: -32050, message: 'it broke', data: { own: 1 } });
});

test('a code of ours is in the data of every other error', () => {
  const expected: [ErrorCode, number][] = [
    ['unknown_tool', -32602],
    ['unknown_prompt', -32602],
    ['unknown_server', -32602],
    ['invalid_arguments', -32602],
    ['ambiguous_tool', -32602],
    ['unsupported', -32601],
    ['denied', -32000],
    ['timeout', -32000],
    ['outcome_unknown', -32000],
    ['breaker_open', -32000],
    ['backpressure', -32000],
  ];
  for (const [code, rpc] of expected)
    expect(faultOf(new ToolwayError(code, 'why', { executed: 'no' }), 'legacy')).toEqual({
      code: rpc,
      message: 'why',
      data: { code, executed: 'no' },
    });
});

test('a resource that is not there has the code of its era', () => {
  const error = new ToolwayError('unknown_resource', 'why');
  expect([faultOf(error, 'legacy').code, faultOf(error, 'modern').code]).toEqual([-32002, -32602]);
});

test('what failed inside of us, and what a child wrote, is not told', () => {
  expect(faultOf(new TypeError('secret of line 7'), 'legacy')).toEqual({
    code: -32603,
    message: 'internal error',
    data: { code: 'internal' },
  });
  const error = new ToolwayError('outcome_unknown', 'the server exited', {
    stderr: 'secret',
    exitCode: 1,
    server: 's',
  });
  expect(JSON.stringify(faultOf(error, 'modern'))).not.toContain('secret');
});
