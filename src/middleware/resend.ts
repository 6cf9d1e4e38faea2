/** Which requests may be sent a second time: what only reads, and what proves not to have run. */
import type { Call } from '../call.ts';
import type { ErrorCode, ToolwayError } from '../errors.ts';
import { matchesPattern } from '../names.ts';
import type { ServerConfig } from '../options.ts';
import type { Tool } from '../protocol/types.ts';

/** What the operator says of a server's tools. */
export type ResendRules = Pick<ServerConfig, 'retrySafe' | 'trustHints'>;

/** Requests without an effect. */
const READS: ReadonlySet<string> = new Set([
  'server/discover',
  'ping',
  'tools/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'prompts/list',
  'prompts/get',
  'completion/complete',
  'tasks/get',
]);

/** The failures that are no answer, and that another attempt can mend; all others are the last word. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set([
  'connect_failed',
  'not_connected',
  'server_exited',
  'outcome_unknown',
  'protocol_error',
  'rate_limited',
]);

/**
 * Whether a call that failed with `error` may be sent again. `error.executed` must be set. A tool call may when it is
 * certain that no part of it ran, or when the operator named the tool in `retrySafe`, or trusts the server's hints.
 */
export const mayResend = (call: Call, error: ToolwayError, rules: ResendRules): boolean => {
  if (!TRANSIENT.has(error.code) || error.permanent === true || isLastWord(error)) return false;
  return (error.executed === 'no' && !call.asked) || READS.has(call.method) || isSafeTool(call, error, rules);
};

/** An answer that makes no sense is one all the same, as is a refusal of the address. */
const isLastWord = ({ code, executed, status = 0 }: ToolwayError): boolean =>
  code === 'protocol_error' && (executed === 'yes' || (status >= 400 && status < 500));

const isSafeTool = ({ method, tool, toolName = '' }: Call, { taskId }: ToolwayError, rules: ResendRules): boolean =>
  method === 'tools/call' && taskId === undefined && mayRunAgain(toolName, tool, rules);

/**
 * Whether a tool may run twice, there or on another server: the operator named it, or trusts the server's hints. A task
 * is not made twice even then, since the first one may be at work.
 */
export const mayRunAgain = (name: string, tool: Tool | undefined, { retrySafe, trustHints }: ResendRules): boolean => {
  if (tool?.execution?.taskSupport === 'required') return false;
  if (retrySafe?.some((pattern) => matchesPattern(pattern, name))) return true;
  const hints = trustHints === true ? tool?.annotations : undefined;
  return hints?.readOnlyHint === true || hints?.idempotentHint === true;
};
