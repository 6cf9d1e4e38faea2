/** What providers say of a failure, in Toolway's words. */
import type { JsonObject } from '../../protocol/types.ts';
import { ModelError, type ModelFacts, type ModelFailure } from '../model-error.ts';
import { objectOf, textOf } from './reading.ts';

const RETRYABLE = new Set<ModelFailure>(['rate', 'overloaded', 'server', 'network', 'timeout', 'truncated']);

const BY_STATUS = new Map<number, ModelFailure>([
  [401, 'auth'],
  [402, 'quota'],
  [403, 'auth'],
  [408, 'timeout'],
  [409, 'server'],
  [413, 'context'],
  [425, 'overloaded'],
  [429, 'rate'],
  [501, 'invalid'],
  [503, 'overloaded'],
  [504, 'timeout'],
  [529, 'overloaded'],
]);

/** The names that providers give their failures, wherever they stand: `type` or `code`. */
const BY_NAME = new Map<string, ModelFailure>([
  ['authentication_error', 'auth'],
  ['permission_error', 'auth'],
  ['invalid_api_key', 'auth'],
  ['billing_error', 'quota'],
  ['insufficient_quota', 'quota'],
  ['enforced_spend_limit_reached', 'quota'],
  ['rate_limit_error', 'rate'],
  ['rate_limit_exceeded', 'rate'],
  ['overloaded_error', 'overloaded'],
  ['server_is_overloaded', 'overloaded'],
  ['api_error', 'server'],
  ['server_error', 'server'],
  ['timeout_error', 'timeout'],
  ['request_too_large', 'context'],
  ['context_length_exceeded', 'context'],
  ['exceed_context_size_error', 'context'],
  ['invalid_request_error', 'invalid'],
  ['invalid_prompt', 'invalid'],
  ['not_found_error', 'invalid'],
]);

// Anthropic, vLLM and Ollama have no name for a prompt that is too long: their words are all there is.
const TOO_LONG =
  /prompt is too long|maximum context length|context (length|window|size)|exceeds? the (available |configured )?(context|limit of \d+ tokens)|input is too long/i;

/** What a provider told of a failure. */
export interface Told {
  status?: number;
  /** The error as it came: `{ type, code, message, … }`, a text, or anything else. */
  error?: unknown;
  headers?: { get(name: string): string | null } | null;
  /** Where `error` says nothing. */
  message?: string;
}

/** The failure that a provider told. */
export const failureOf = (told: Told, facts: ModelFacts = {}): ModelError => {
  const { status, headers } = told;
  const error = unwrapped(told.error);
  const details = objectOf(error.details);
  const names = [details.error_code, error.code, error.type, error.status].map(textOf).filter((name) => name !== '');
  const reason = wordsOf(told, error);
  const failure = kindOf(status, names, reason);
  const asked = headers?.get('x-should-retry');
  const retryAfterMs = retryAfterOf(headers);
  const requestId = headers?.get('request-id') ?? headers?.get('x-request-id') ?? undefined;
  return new ModelError(failure, reason, {
    retryable: asked === 'true' || (asked !== 'false' && RETRYABLE.has(failure)),
    ...(status === undefined ? {} : { status }),
    ...(names[0] === undefined ? {} : { providerCode: names[0] }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...facts,
  });
};

/** What was said; nothing, where there is nothing to read in it. */
const wordsOf = ({ error, message, headers, status }: Told, { message: own, error: inner }: JsonObject): string => {
  const said = [own, error, inner].map(textOf).find((text) => text.trim() !== '');
  if (said !== undefined) return said;
  if (/\bhtml\b/i.test(headers?.get('content-type') ?? '')) return 'the answer is a page of HTML';
  // A client puts what it could not read behind the status, which is told anyway.
  if (status === undefined) return message ?? (isEmpty(error) ? '' : JSON.stringify(error));
  if (error !== undefined && error !== null) return isEmpty(error) ? '' : JSON.stringify(error);
  return (message ?? '').replace(/^\d{3} (status code \(no body\))?/, '');
};

const isEmpty = (error: unknown): boolean =>
  typeof error === 'object' ? Object.values(error ?? {}).every((value) => value === '') : !error;

/** The inner error, where it stands in another: `{ type: 'error', error: { … } }`. */
const unwrapped = (error: unknown) => {
  const outer = objectOf(error);
  return typeof outer.error === 'object' && outer.error !== null ? objectOf(outer.error) : outer;
};

const kindOf = (status: number | undefined, names: string[], reason: string): ModelFailure => {
  const named = names.map((name) => BY_NAME.get(name)).filter((kind) => kind !== undefined);
  // A quota that is used up comes with the status of a rate that is too high.
  if (named.includes('quota')) return 'quota';
  if (named.includes('context')) return 'context';
  const client = status === undefined || (status >= 400 && status < 500);
  if (client && status !== 401 && status !== 429 && TOO_LONG.test(reason)) return 'context';
  if (status !== undefined) {
    const kind = BY_STATUS.get(status);
    if (kind !== undefined) return kind;
    return status >= 500 ? 'server' : 'invalid';
  }
  return named[0] ?? 'server';
};

/** `retry-after-ms`, or `retry-after` in seconds or as a date. RFC 9110, section 10.2.3. */
const retryAfterOf = (headers: Told['headers']): number | undefined => {
  const ms = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (ms >= 0) return ms;
  const after = headers?.get('retry-after');
  if (after === null || after === undefined) return undefined;
  const seconds = Number(after);
  if (seconds >= 0) return seconds * 1000;
  const until = Date.parse(after) - Date.now();
  return until > 0 ? until : undefined;
};

/** What the providers' libraries throw: `status` where there was an answer, and what came. */
export const failureOfThrown = (thrown: unknown, facts: ModelFacts = {}): ModelError => {
  if (thrown instanceof ModelError) return thrown;
  const { status, error, headers, message } = objectOf(thrown) as {
    [key in 'status' | 'error' | 'message']?: unknown;
  } & {
    headers?: Told['headers'];
  };
  const words = thrown instanceof Error ? thrown.message : textOf(message) || String(thrown);
  if (typeof status === 'number')
    return failureOf({ status, error, headers, message: words }, { ...facts, cause: thrown });
  const { message: why = words, code } = innermost(thrown) ?? {};
  const known = { retryable: true, ...facts, cause: thrown };
  // Node's own fetch waits for five minutes, and for no more.
  if (textOf(code) === 'UND_ERR_HEADERS_TIMEOUT') return new ModelError('timeout', 'no answer began in time', known);
  return new ModelError('network', `the model cannot be reached: ${why}`, known);
};

/** Why a connection failed stands at the end of the causes: `connect ECONNREFUSED 127.0.0.1:1`. */
const innermost = (thrown: unknown): { message: string; code?: unknown } | undefined => {
  let last: { message: string; code?: unknown } | undefined;
  let next: unknown = thrown;
  for (let depth = 0; depth < 5 && next instanceof Error; depth += 1) {
    if (next.message !== '') last = next;
    next = next.cause;
  }
  return last;
};
