/** The envelope: JSON-RPC 2.0 as MCP uses it, the revisions and eras, reserved keys and error codes. */
import type { JsonObject } from './types.ts';

/** A JSON-RPC id. `null` is never used by either side of MCP. */
export type RequestId = string | number;

export interface JsonRpcRequest {
  jsonrpc: '2.0';
  id: RequestId;
  method: string;
  params?: JsonObject;
}
export interface JsonRpcNotification {
  jsonrpc: '2.0';
  method: string;
  params?: JsonObject;
}
export interface JsonRpcResult {
  jsonrpc: '2.0';
  id: RequestId;
  result: JsonObject;
}
export interface JsonRpcErrorBody {
  code: number;
  message: string;
  data?: unknown;
}
export interface JsonRpcFailure {
  jsonrpc: '2.0';
  id?: RequestId;
  error: JsonRpcErrorBody;
}
/** Any message that can travel, in either direction. */
export type JsonRpcMessage = JsonRpcRequest | JsonRpcNotification | JsonRpcResult | JsonRpcFailure;

/** `legacy`: an `initialize` handshake (up to 2025-11-25). `modern`: metadata with every request (2026-07-28). */
export type EraName = 'legacy' | 'modern';

/** The revisions of the legacy era, newest first: the first one is offered in `initialize`. */
export const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;
/** The revisions of the modern era, newest first. */
export const MODERN_VERSIONS = ['2026-07-28'] as const;

/** Reserved `_meta` keys of the modern envelope (2026-07-28, basic/index#_meta). */
export const META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
} as const;

/** Keys of `_meta` with which we tell a server of the call: which sending it is, how long it may take, what makes it one and the same. */
export const TOOLWAY_META = {
  attempt: 'toolway/attempt',
  remainingMs: 'toolway/remainingMs',
  idempotencyKey: 'toolway/idempotencyKey',
} as const;

/** True for what JSON calls an object. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
