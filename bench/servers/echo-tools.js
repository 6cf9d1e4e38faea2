// What both echo servers answer, written by hand: no SDK is in the way of the client under test.
import { filler } from '../lib/payload.js';

const LEGACY = '2025-11-25';
const MODERN = '2026-07-28';
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

const SERVER_INFO = { name: 'bench-echo', version: '1.0.0' };
const CAPABILITIES = { tools: {} };

const TOOLS = [
  {
    name: 'echo',
    description: 'Answers with the text it was given, or with one of `size` bytes.',
    inputSchema: {
      type: 'object',
      properties: { n: { type: 'integer' }, text: { type: 'string' }, size: { type: 'integer', minimum: 0 } },
      required: ['n'],
      additionalProperties: false,
    },
    outputSchema: {
      type: 'object',
      properties: { n: { type: 'integer' }, length: { type: 'integer', minimum: 0 } },
      required: ['n', 'length'],
      additionalProperties: false,
    },
  },
  {
    name: 'count',
    description: 'How many echo calls were executed, and how many of them had an argument of their own.',
    inputSchema: { type: 'object', properties: {}, additionalProperties: false },
    outputSchema: {
      type: 'object',
      properties: { calls: { type: 'integer' }, distinct: { type: 'integer' } },
      required: ['calls', 'distinct'],
    },
  },
];

/** @type {Map<number, string>} The JSON of long answers, less their first word and the opening quote. */
const tails = new Map();

/** The JSON string of a text of `size` characters that begins with `n`; only the beginning is made anew. */
const sizedText = (n, size) => {
  const head = `${n} `;
  const key = size - head.length;
  let tail = tails.get(key);
  if (tail === undefined) {
    tail = JSON.stringify(filler(key)).slice(1);
    tails.set(key, tail);
  }
  return `"${head}${tail}`;
};

const toolResult = (text, structured, complete) =>
  `{"content":[{"type":"text","text":${text}}],"structuredContent":${JSON.stringify(structured)}${complete}}`;

/**
 * One server's memory: what it was called with.
 * @param {{ modern?: boolean, tools?: object[] }} [options] `modern` answers 2026-07-28 beside the revisions before it;
 *   `tools` are listed in place of those that can be called.
 */
export const createEcho = ({ modern = false, tools = TOOLS } = {}) => {
  let calls = 0;
  const seen = new Set();

  const callTool = ({ name, arguments: args = {} }, complete) => {
    if (name === 'count') {
      return toolResult('"counted"', { calls, distinct: seen.size }, complete);
    }
    calls += 1;
    seen.add(args.n);
    const length = args.size ?? args.text.length;
    const text = args.size === undefined ? JSON.stringify(args.text) : sizedText(args.n, args.size);
    return toolResult(text, { n: args.n, length }, complete);
  };

  const result = (method, params) => {
    const isModern = modern && params?._meta?.[VERSION_KEY] === MODERN;
    const complete = isModern ? ',"resultType":"complete"' : '';
    const hints = isModern ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : {};
    if (method === 'tools/call') return callTool(params, complete);
    if (method === 'tools/list') return JSON.stringify({ tools, ...hints });
    if (method === 'ping') return '{}';
    if (method === 'initialize') {
      return JSON.stringify({ protocolVersion: LEGACY, capabilities: CAPABILITIES, serverInfo: SERVER_INFO });
    }
    if (isModern && method === 'server/discover') {
      return JSON.stringify({ supportedVersions: [MODERN], capabilities: CAPABILITIES, ...hints });
    }
    return undefined;
  };

  return {
    /** The JSON of the response to `message`; undefined for a notification. */
    answer(message) {
      if (message.id === undefined) return undefined;
      const id = JSON.stringify(message.id);
      const body = result(message.method, message.params);
      return body === undefined
        ? `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}`
        : `{"jsonrpc":"2.0","id":${id},"result":${body}}`;
    },
  };
};
