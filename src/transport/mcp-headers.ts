/**
 * What the modern era mirrors from a request's body into its headers, and how values are made safe to travel there.
 * Source: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#request-metadata
 */
import type { JsonObject, Tool } from '../protocol/types.ts';
import { encode } from './bytes.ts';

const ANNOTATION = '"x-mcp-header"';
const PRINTABLE = /^[\x20-\x7e]*$/;

/** A value as it may stand in a header: itself when it is plain ASCII, else `=?base64?…?=` around its UTF-8 bytes. */
export const encodeHeaderValue = (value: string): string => {
  const plain =
    PRINTABLE.test(value) &&
    !value.startsWith(' ') &&
    !value.endsWith(' ') &&
    !(value.startsWith('=?base64?') && value.endsWith('?='));
  return plain ? value : `=?base64?${toBase64(encode(value))}?=`;
};

const toBase64 = (bytes: Uint8Array): string => {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
};

/** The parameter that names what a request is about, for `Mcp-Name`. */
const nameOf = (method: string, params: JsonObject | undefined): unknown => {
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
      return params?.name;
    case 'resources/read':
      return params?.uri;
    default:
      return method.startsWith('tasks/') ? params?.taskId : undefined;
  }
};

/** `MCP-Protocol-Version`, `Mcp-Method` and, where the request names something, `Mcp-Name`. */
export const requestHeaders = (
  version: string,
  method: string,
  params: JsonObject | undefined,
): Record<string, string> => {
  const headers: Record<string, string> = {
    'mcp-protocol-version': encodeHeaderValue(version),
    'mcp-method': encodeHeaderValue(method),
  };
  const name = nameOf(method, params);
  if (typeof name === 'string') headers['mcp-name'] = encodeHeaderValue(name);
  return headers;
};

/** Tools are objects of one list answer, so what was found out about one lives exactly as long as it does. */
const annotated = new WeakMap<Tool, boolean>();

/** Whether a tool may want some of its arguments repeated in headers; what reads its wishes is loaded only then. */
export const isAnnotated = (tool: Tool): boolean => {
  let known = annotated.get(tool);
  if (known === undefined) {
    known = JSON.stringify(tool).includes(ANNOTATION);
    annotated.set(tool, known);
  }
  return known;
};
