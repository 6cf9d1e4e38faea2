// How one call of `echo` looks on each face of each gateway.
const LEGACY = '2025-11-25';
const MODERN = '2026-07-28';
const CLIENT = { name: 'bench', version: '1.0.0' };
const JSON_TYPE = { 'content-type': 'application/json' };
const MCP_TYPES = { ...JSON_TYPE, accept: 'application/json, text/event-stream' };
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': CLIENT,
};

const call = (id, name, message, more) =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: { message }, ...more } });

/** A session of the legacy era: its headers, once it is open. */
const openSession = async (post, headers) => {
  const params = { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT };
  const opened = await post('/mcp', headers, JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }));
  const id = opened.headers['mcp-session-id'];
  if (id === undefined) throw new Error(`no session: ${opened.status} ${opened.text}`);
  const own = { ...headers, 'mcp-protocol-version': LEGACY, 'mcp-session-id': id };
  await post('/mcp', own, JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
  return own;
};

/**
 * By name: what is sent for call `n` with `message`. `prepare` may send something before, and gives the headers of all calls.
 * @type {Record<string, { path: string, headers: object, body: (n: number, message: string, tool: string) => string, prepare?: Function }>}
 */
export const FACES = {
  'raw-rest': { path: '/', headers: JSON_TYPE, body: (_n, message) => JSON.stringify({ message }) },
  'raw-rpc': { path: '/mcp', headers: MCP_TYPES, body: (n, message) => call(n, 'echo', message) },
  'toolway-rest': {
    path: '/api/tools/everything/echo',
    headers: JSON_TYPE,
    body: (_n, message) => JSON.stringify({ message }),
  },
  'mcp-hub': {
    path: '/api/servers/tools',
    headers: JSON_TYPE,
    body: (_n, message) => JSON.stringify({ server_name: 'everything', tool: 'echo', arguments: { message } }),
  },
  legacy: {
    path: '/mcp',
    headers: MCP_TYPES,
    prepare: openSession,
    body: (n, message, tool) => call(n, tool, message),
  },
  modern: {
    path: '/mcp',
    headers: { ...MCP_TYPES, 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call' },
    prepare: async (_post, headers, tool) => ({ ...headers, 'mcp-name': tool }),
    body: (n, message, tool) => call(n, tool, message, { _meta: ENVELOPE }),
  },
};
