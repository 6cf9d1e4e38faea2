// `@langchain/mcp-adapters`: the tools of a MultiServerMCPClient, invoked.
import { MultiServerMCPClient } from '@langchain/mcp-adapters';

/** @type {import('../subject.js').Connect} */
export const connect = async (server) => {
  const connection =
    'url' in server ? { transport: 'http', url: server.url } : { transport: 'stdio', stderr: 'ignore', ...server };
  const client = new MultiServerMCPClient({ mcpServers: { s: connection } });
  const [run] = await client.getTools();
  return { call: (args) => run.invoke(args), close: () => client.close() };
};
