// `@modelcontextprotocol/client` 2.x as its documentation shows it.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

/** @type {import('../subject.js').Connect} */
export const connect = async (server) => {
  const client = new Client({ name: 'bench', version: '1.0.0' });
  const transport =
    'url' in server
      ? new StreamableHTTPClientTransport(new URL(server.url))
      : new StdioClientTransport({ ...server, stderr: 'ignore' });
  await client.connect(transport);
  await client.listTools();
  return { call: (args) => client.callTool({ name: 'run', arguments: args }), close: () => client.close() };
};
