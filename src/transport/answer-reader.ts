/** Tells apart what may stand in the body of an answer: the answer itself, somebody else's, or neither. */
import { ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import { isObject, type JsonRpcMessage, type RequestId } from '../protocol/wire.ts';
import { decodeStrict } from './bytes.ts';

/** The failure of a request whose answer is over the limit: it was answered, so it ran. */
export const messageTooLarge = (limit: number): ToolwayError =>
  new ToolwayError('message_too_large', `the answer is larger than ${limit} bytes`, { executed: 'yes', limit });

const isAnswer = (value: unknown): value is JsonObject =>
  isObject(value) && value.jsonrpc === '2.0' && value.method === undefined;

/** The answer to request `id`, if this is it. An error without an id, or with null, can be about nothing else here. */
export const answerTo = (value: unknown, id: RequestId | undefined): JsonRpcMessage | undefined => {
  if (!isAnswer(value) || id === undefined) return undefined;
  if (value.id === id) return value as unknown as JsonRpcMessage;
  const anonymous = (value.id === undefined || value.id === null) && isObject(value.error);
  return anonymous ? ({ ...value, id } as unknown as JsonRpcMessage) : undefined;
};

/** A result or error for somebody else: HTTP ties each answer to its request, so this one is never passed on. */
export const isForeignAnswer = (value: unknown): boolean => isAnswer(value) && value.id !== undefined;

/** Something that the server says of its own accord. */
export const isRequestOrNotification = (value: unknown): boolean => isObject(value) && value.method !== undefined;

/** The failure of a request that was answered with somebody else's answer. */
export const foreignAnswer = (): ToolwayError =>
  new ToolwayError('protocol_error', 'the server answered a request with the id of another', { executed: 'unknown' });

/** The JSON-RPC error in the body of a refusal. */
export const refusalAnswer = (bytes: Uint8Array, id: RequestId | undefined): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(decodeStrict(bytes));
    const ours = answerTo(value, id);
    return ours !== undefined && 'error' in ours && isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** Legacy servers say with one of these that they no longer know a session: "not found", or "invalid request", which says itself that nothing ran. */
const SESSION_NOT_FOUND: readonly unknown[] = [-32001, -32600];

/** An error under our own id is an answer to us, whatever its status; only what names no request, or the session, says that the session is gone. */
export const answersUs = (answer: JsonObject | undefined, id: RequestId | undefined): boolean =>
  answer?.id === id && isObject(answer?.error) && !SESSION_NOT_FOUND.includes(answer.error.code);
