/** Failures as MCP clients are told of them: the JSON-RPC error of a `ToolwayError`. */
import { ToolwayError } from '../../errors.ts';
import * as RPC from '../../protocol/rpc-codes.ts';
import { RpcFault } from '../../protocol/rpc-fault.ts';
import type { JsonObject } from '../../protocol/types.ts';
import type { EraName, JsonRpcErrorBody } from '../../protocol/wire.ts';
import { credentialsUrlOf } from '../credentials/missing.ts';

/** Of the range that JSON-RPC leaves to servers; `data.code` says what it was. */
export const GENERAL_ERROR = -32000;

/**
 * The error that a request ends with. An error of the server behind is passed on with its own code, words and data; all
 * others carry `data.code`, the code of `ToolwayError`. Nothing is told of where in the program it came from.
 */
export const faultOf = (thrown: unknown, era: EraName): JsonRpcErrorBody => {
  if (thrown instanceof RpcFault) return body(thrown.code, thrown.message, thrown.data);
  const error = ToolwayError.from(thrown);
  const { code, rpcCode, data } = error;
  if (code === 'server_error' && rpcCode !== undefined) return body(rpcCode, wordsOf(error), data ?? factsOf(error));
  return body(rpcCodeOf(error, era), messageOf(error), factsOf(error));
};

/** The refusal of parameters that are not what the method takes. */
export const invalidParams = (problem: string): ToolwayError =>
  new ToolwayError('invalid_arguments', problem, { executed: 'no' });

const body = (code: number, message: string, data: unknown): JsonRpcErrorBody => ({
  code,
  message,
  ...(data !== undefined && { data }),
});

const rpcCodeOf = ({ code }: ToolwayError, era: EraName): number => {
  switch (code) {
    case 'unknown_resource':
      return era === 'legacy' ? RPC.resourceNotFound : RPC.invalidParams;
    case 'unknown_server':
    case 'unknown_tool':
    case 'unknown_prompt':
    case 'invalid_arguments':
    case 'ambiguous_tool':
    case 'ambiguous_resource':
      return RPC.invalidParams;
    case 'unsupported':
      return RPC.methodNotFound;
    case 'internal':
      return RPC.internalError;
    default:
      return GENERAL_ERROR;
  }
};

/** What failed inside of us is for our own log. */
const messageOf = ({ code, message }: ToolwayError): string => (code === 'internal' ? 'internal error' : message);

/** The server's own words, without what the toolkit writes around them. */
const wordsOf = ({ reason, rpcCode }: ToolwayError): string => {
  const added = ` (JSON-RPC error ${rpcCode})`;
  return reason.endsWith(added) ? reason.slice(0, -added.length) : reason;
};

const factsOf = (error: ToolwayError): JsonObject => {
  const { code, server, tool, executed, retryAfterMs, limit, matches, problems, taskId } = error;
  const facts: JsonObject = { code, executed, server, tool, retryAfterMs, limit, matches, problems, taskId };
  facts.credentialsUrl = credentialsUrlOf(error);
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
};
