/** Failures as `application/problem+json` (RFC 9457), the same on every route. */
import { type ErrorCode, type Executed, type Problem, ToolwayError } from '../../errors.ts';
import { KEY_REUSED } from '../../middleware/idempotency.ts';
import type { CallToolResult } from '../../protocol/types.ts';
import { credentialsUrlOf } from '../credentials/missing.ts';
import { Refusal } from '../refusal.ts';

/** The body of a failure. Members beyond those of RFC 9457 are absent where they do not apply. */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  /** `tool_error` is a tool's own `isError`. */
  code: ErrorCode | 'tool_error';
  /** What happened, for people. */
  detail: string;
  server?: string;
  tool?: string;
  /** Did the call take effect? */
  executed?: Executed;
  /** How long to wait before another attempt can make sense. */
  retryAfterMs?: number;
  /** Which arguments are wrong, by JSON Pointer. */
  problems?: Problem[];
  /** Which names would have matched. */
  matches?: string[];
  /** Where the caller gives the credentials of its own that the server wants. */
  credentialsUrl?: string;
  /** What the tool said, where it answered `isError`. */
  content?: unknown;
  structuredContent?: unknown;
}

/** For each code its status and its title. */
const PROBLEMS: Readonly<Record<ErrorCode | 'tool_error', readonly [status: number, title: string]>> = {
  invalid_arguments: [400, 'The arguments do not fit'],
  denied: [403, 'The policy refused the call'],
  forbidden: [403, 'This is not allowed'],
  approval_timeout: [403, 'Nobody approved the call in time'],
  unknown_server: [404, 'There is no such server'],
  unknown_tool: [404, 'There is no such tool'],
  unknown_resource: [404, 'There is no such resource'],
  unknown_prompt: [404, 'There is no such prompt'],
  tool_changed: [409, 'The tool is no longer what it was'],
  ambiguous_tool: [409, 'Several tools have this name'],
  ambiguous_resource: [409, 'Several servers have this resource'],
  tool_error: [422, 'The tool reported an error'],
  auth_required: [424, 'The server wants authorization'],
  auth_failed: [424, 'The server refused our authorization'],
  rate_limited: [429, 'Too many calls'],
  backpressure: [429, 'Too much is waiting'],
  cancelled: [499, 'The call was cancelled'],
  internal: [500, 'Something went wrong in the gateway'],
  invalid_config: [500, 'The server is not configured as it must be'],
  unsupported: [501, 'This is not supported'],
  server_error: [502, 'The server answered with an error'],
  outcome_unknown: [502, 'It is not known whether the call took effect'],
  protocol_error: [502, 'The server broke the protocol'],
  server_exited: [502, 'The server ended before the call was sent'],
  message_too_large: [502, 'A message was too large'],
  breaker_open: [503, 'The server fails too often'],
  not_connected: [503, 'The server is not connected'],
  connect_failed: [503, 'The server cannot be reached'],
  spawn_failed: [503, 'The server cannot be started'],
  closed: [503, 'The gateway is closing'],
  timeout: [504, 'The server did not answer in time'],
  connect_timeout: [504, 'The server could not be reached in time'],
};

/** Titles of refusals that are about HTTP; the code alone would say something else. */
const HTTP_TITLES: Readonly<Record<number, string>> = {
  401: 'A key is needed',
  403: 'This is not allowed',
  404: 'There is nothing here',
  405: 'The method is not allowed here',
  413: 'The request is too large',
  415: 'The body has a type that is not taken',
  429: 'Too many requests',
};

/** What `Retry-After` says where nothing better is known. */
const RETRY_AFTER_MS = 1_000;

const typeOf = (code: string): string => `urn:toolway:problem:${code}`;

/** Anything thrown, as what may be told of it: of a defect of ours nothing but that there is one. */
export const problemOf = (thrown: unknown): ProblemDetails => {
  if (thrown instanceof Refusal) return refusalOf(thrown);
  const error = ToolwayError.from(thrown);
  const { code, server, tool, executed, retryAfterMs, problems, matches } = error;
  const [status] = PROBLEMS[code];
  const credentialsUrl = credentialsUrlOf(error);
  const detail = code === 'internal' ? 'The gateway failed; its log says why.' : error.message;
  return {
    ...detailsOf(code, detail, error.cause === KEY_REUSED ? 409 : status),
    ...(server !== undefined && { server }),
    ...(tool !== undefined && { tool }),
    ...(executed !== undefined && { executed }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(problems !== undefined && { problems }),
    ...(matches !== undefined && matches.length > 0 && { matches }),
    ...(credentialsUrl !== undefined && { credentialsUrl }),
  };
};

const refusalOf = ({ code, message, status, retryAfterMs }: Refusal): ProblemDetails => {
  const details = detailsOf(code, message, status);
  const title = HTTP_TITLES[status] ?? details.title;
  return { ...details, title, ...(retryAfterMs !== undefined && { retryAfterMs }) };
};

/** A tool's own `isError`, with what it said. */
export const toolProblem = (result: CallToolResult, { server, name }: { server: string; name: string }) => {
  const { content, structuredContent } = result;
  const said = content.find((block) => block.type === 'text' && typeof block.text === 'string');
  const detail = said === undefined ? 'The tool reported an error.' : String(said.text).slice(0, 1_000);
  return {
    ...detailsOf('tool_error', detail),
    server,
    tool: name,
    executed: 'yes',
    content,
    ...(structuredContent !== undefined && { structuredContent }),
  } satisfies ProblemDetails;
};

const detailsOf = (code: ProblemDetails['code'], detail: string, status = PROBLEMS[code][0]): ProblemDetails => ({
  type: typeOf(code),
  title: PROBLEMS[code][1],
  status,
  code,
  detail,
});

/** A problem as the answer to a request; 429 and 503 say when to come back. */
export const problemResponse = (problem: ProblemDetails, further: Record<string, string> = {}): Response => {
  const { status, retryAfterMs = RETRY_AFTER_MS } = problem;
  const headers: Record<string, string> = { 'content-type': 'application/problem+json', ...further };
  if (status === 429 || status === 503) headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  return new Response(JSON.stringify(problem), { status, headers });
};

/** The answer to a request that failed. */
export const failureResponse = (thrown: unknown): Response =>
  problemResponse(problemOf(thrown), thrown instanceof Refusal ? thrown.headers : {});
