/** What requests are told that came to no result. */
import { ToolwayError } from '../errors.ts';
import * as RPC from './rpc-codes.ts';
import type { JsonRpcErrorBody } from './wire.ts';

/** Codes whose meaning says that the method did not run (JSON-RPC 2.0 §5.1 and the modern era's own). */
const NOT_RUN: ReadonlySet<number> = new Set([
  RPC.parseError,
  RPC.invalidRequest,
  RPC.methodNotFound,
  RPC.invalidParams,
  RPC.headerMismatch,
  RPC.missingClientCapability,
  RPC.unsupportedProtocolVersion,
]);

/** A tool may say "invalid params" of what it found out half way through its work. */
const provesNotRun = (code: number, method: string): boolean =>
  NOT_RUN.has(code) && !(code === RPC.invalidParams && method === 'tools/call');

/** The server's own error. */
export const serverError = (
  { code, message, data }: JsonRpcErrorBody,
  status: number | undefined,
  method: string,
): ToolwayError =>
  new ToolwayError('server_error', `${message} (JSON-RPC error ${code})`, {
    rpcCode: code,
    status,
    executed: provesNotRun(code, method) ? 'no' : 'unknown',
    data,
  });

export const malformedAnswer = (method: string): ToolwayError =>
  new ToolwayError('protocol_error', `the answer to ${method} is neither a result nor an error`, { executed: 'yes' });

export const tooDeep = (method: string, limit: number): ToolwayError =>
  new ToolwayError('protocol_error', `the answer to ${method} is nested deeper than ${limit} levels`, {
    executed: 'yes',
    limit,
  });

/** What a request in flight is told when its link ends: it was handed over, so nobody can say whether it ran. */
export const lost = (cause: ToolwayError): ToolwayError => {
  const { exitCode, stderr, limit, message } = cause;
  return new ToolwayError('outcome_unknown', `the connection was lost before the answer came: ${message}`, {
    executed: 'unknown',
    exitCode,
    stderr,
    limit,
    cause,
  });
};
