// A legacy MCP server over Streamable HTTP with sessions, on loopback; one fault is put on its next calls of a tool.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

/** @typedef {'none' | 'forget' | '503' | '429' | 'reset'} HttpFault */

export const startHttpServer = async () => {
  /** @type {Set<string>} */
  const sessions = new Set();
  /** @type {HttpFault} */
  let fault = 'none';
  let runs = 0;

  /** @param {any} message @param {import('node:http').ServerResponse} response */
  const answer = ({ id, method, params }, response) => {
    /** @param {unknown} body @param {Record<string, string>} [headers] */
    const json = (body, headers = {}) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...Object(body) }));
    };
    if (id === undefined) {
      response.writeHead(202).end();
    } else if (method === 'initialize') {
      const session = randomUUID();
      sessions.add(session);
      const { protocolVersion } = params;
      const serverInfo = { name: 'faulty', version: '1' };
      json({ result: { protocolVersion, capabilities: { tools: {} }, serverInfo } }, { 'mcp-session-id': session });
    } else if (method === 'tools/list') {
      json({ result: { tools: [{ name: 'run', inputSchema: { type: 'object' } }] } });
    } else if (method === 'tools/call') {
      runs += 1;
      json({ result: { content: [{ type: 'text', text: 'done' }] } });
    } else json(method === 'ping' ? { result: {} } : { error: { code: -32601, message: 'unknown method' } });
  };

  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const message = JSON.parse(Buffer.concat(chunks).toString());
    if (message.method === 'tools/call' && fault !== 'none') {
      const now = fault;
      fault = 'none';
      if (now === 'forget') sessions.clear();
      if (now === '503') return void response.writeHead(503, { 'retry-after': '1' }).end();
      if (now === '429') return void response.writeHead(429, { 'retry-after': '1' }).end();
      if (now === 'reset') {
        runs += 1;
        return void request.socket.resetAndDestroy();
      }
    }
    const session = String(request.headers['mcp-session-id'] ?? '');
    if (message.method !== 'initialize' && message.method !== 'server/discover' && !sessions.has(session)) {
      return void response.writeHead(404).end();
    }
    answer(message, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    /** @param {HttpFault} next */
    arm(next) {
      fault = next;
    },
    runs: () => runs,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
};
