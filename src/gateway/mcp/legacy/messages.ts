/** What a client of the legacy era may send, told apart (JSON-RPC 2.0 as 2025-11-25 basic narrows it). */
import * as RPC from '../../../protocol/rpc-codes.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { isObject, type JsonRpcErrorBody, type JsonRpcFailure, type RequestId } from '../../../protocol/wire.ts';

/** A message of a client. Parameters are an object; what they hold is for the method to check. */
export type ClientMessage =
  | { kind: 'request'; id: RequestId; method: string; params: JsonObject }
  | { kind: 'notification'; method: string; params: JsonObject }
  | { kind: 'answer'; id: RequestId; result: unknown; error: unknown }
  | { kind: 'invalid'; id: RequestId | undefined; problem: string };

const NOTHING: JsonObject = Object.freeze({});

export const readMessage = (message: unknown): ClientMessage => {
  if (!isObject(message)) return { kind: 'invalid', id: undefined, problem: 'a message is an object' };
  const { id, method, params = NOTHING } = message;
  const known = isId(id) ? id : undefined;
  if (message.jsonrpc !== '2.0') return { kind: 'invalid', id: known, problem: 'jsonrpc is not "2.0"' };
  if (typeof method === 'string') {
    if (!isObject(params)) return { kind: 'invalid', id: known, problem: 'params is not an object' };
    if (id === undefined) return { kind: 'notification', method, params };
    if (known === undefined) return { kind: 'invalid', id: undefined, problem: 'id is neither a text nor a number' };
    return { kind: 'request', id: known, method, params };
  }
  if (known !== undefined && ('result' in message || 'error' in message))
    return { kind: 'answer', id: known, result: message.result, error: message.error };
  return { kind: 'invalid', id: known, problem: 'it is neither a request, a notification nor an answer' };
};

export const isId = (id: unknown): id is RequestId =>
  typeof id === 'string' || (typeof id === 'number' && Number.isFinite(id));

/** An error that answers a request. */
export const failure = (id: RequestId | undefined, error: JsonRpcErrorBody): JsonRpcFailure =>
  id === undefined ? ({ jsonrpc: '2.0', id: null, error } as unknown as JsonRpcFailure) : { jsonrpc: '2.0', id, error };

/** The error for what is no message. */
export const invalidRequest = (problem: string, id?: RequestId): JsonRpcFailure =>
  failure(id, { code: RPC.invalidRequest, message: problem });
