/**
 * What surrounds every request of the modern era: one JSON-RPC message in a POST, metadata in `_meta`, and headers that
 * repeat parts of it. Whoever routes by the headers and whoever acts by the body must not be told different things.
 * Source: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#request-metadata
 */
import type { JsonObject, LogLevel } from '../../../protocol/types.ts';
import { isObject, META, MODERN_VERSIONS, type RequestId } from '../../../protocol/wire.ts';
import { badMeta, badRequest, headerMismatch, unsupportedVersion } from './faults.ts';
import { decodeHeaderValue } from './header-value.ts';

/** A request whose envelope is sound. */
export interface ModernRequest {
  id: RequestId;
  method: string;
  params: JsonObject;
  /** What the client can do, as it says for this request alone. */
  capabilities: JsonObject;
  /** The least severity of the log messages it wants; absent: none. */
  logLevel?: LogLevel;
  progressToken?: RequestId;
}

/** How headers are read; `Headers` fits. */
export interface HeaderSource {
  get(name: string): string | null;
}

const MODERN: readonly string[] = MODERN_VERSIONS;
const LEVELS: readonly string[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] satisfies LogLevel[];

/** Whether two severities are at or above one another, by RFC 5424. */
export const isAtLeast = (level: LogLevel, least: LogLevel): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(least);

/** The id of a message, where it has one that can be answered. */
export const idOf = (message: unknown): RequestId | undefined => {
  const id = isObject(message) ? message.id : undefined;
  return typeof id === 'string' || Number.isSafeInteger(id) ? (id as RequestId) : undefined;
};

/** The request of a POST, or `undefined` for a notification. Throws a `HttpFault` for what must not be carried out. */
export const readEnvelope = (headers: HeaderSource, message: unknown): ModernRequest | undefined => {
  if (Array.isArray(message)) throw badRequest('a POST carries one message, not a batch');
  if (!isObject(message) || message.jsonrpc !== '2.0') throw badRequest('the body is not a JSON-RPC 2.0 message');
  const { method, params = {} } = message;
  if (typeof method !== 'string') throw badRequest('the body is neither a request nor a notification');
  if (!isObject(params)) throw badRequest('params is not an object');
  if (!('id' in message)) return undefined;
  const id = idOf(message);
  if (id === undefined) throw badRequest('id is neither a string nor an integer');

  const version = headers.get('mcp-protocol-version');
  if (version === null) throw headerMismatch('MCP-Protocol-Version is missing');
  const { _meta: meta } = params;
  if (!isObject(meta)) throw badMeta('_meta is missing');
  const named = meta[META.protocolVersion];
  if (typeof named !== 'string') throw badMeta(`_meta has no ${META.protocolVersion}`);
  if (named !== version) throw headerMismatch('MCP-Protocol-Version is not the protocol version of _meta');
  if (!MODERN.includes(version)) throw unsupportedVersion(version);
  const capabilities = meta[META.clientCapabilities];
  if (!isObject(capabilities)) throw badMeta(`_meta has no ${META.clientCapabilities}`);
  mustMatch(headers, 'Mcp-Method', method);
  const name = namedBy(method, params);
  if (typeof name === 'string') mustMatch(headers, 'Mcp-Name', name);

  const request: ModernRequest = { id, method, params, capabilities };
  readWishes(request, meta);
  return request;
};

const mustMatch = (headers: HeaderSource, header: string, expected: string): void => {
  const value = headers.get(header);
  if (value === null) throw headerMismatch(`${header} is missing`);
  if (value === expected && !value.startsWith('=?')) return;
  const decoded = decodeHeaderValue(value);
  if (decoded === undefined) throw headerMismatch(`${header} cannot be read`);
  if (decoded !== expected) throw headerMismatch(`${header} is not what the body says`);
};

/** The parameter that `Mcp-Name` repeats. */
const namedBy = (method: string, params: JsonObject): unknown => {
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
      return params.name;
    case 'resources/read':
      return params.uri;
    case 'tasks/get':
    case 'tasks/update':
    case 'tasks/cancel':
      return params.taskId;
    default:
      return undefined;
  }
};

const readWishes = (request: ModernRequest, { progressToken, [META.logLevel]: level }: JsonObject): void => {
  if (progressToken !== undefined) {
    if (typeof progressToken !== 'string' && !Number.isSafeInteger(progressToken)) {
      throw badMeta('progressToken is neither a string nor an integer');
    }
    request.progressToken = progressToken as RequestId;
  }
  if (level === undefined) return;
  if (typeof level !== 'string' || !LEVELS.includes(level)) throw badMeta(`${META.logLevel} is no log level`);
  request.logLevel = level as LogLevel;
};
