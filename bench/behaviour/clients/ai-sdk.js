// `@ai-sdk/mcp`: the tools of a client, executed as the AI SDK's loop does.
import { createMCPClient } from '@ai-sdk/mcp';
import { Experimental_StdioMCPTransport } from '@ai-sdk/mcp/mcp-stdio';

/** @type {import('../subject.js').Connect} */
export const connect = async (server) => {
  const transport =
    'url' in server
      ? { type: 'http', url: server.url }
      : new Experimental_StdioMCPTransport({ ...server, stderr: 'ignore' });
  const client = await createMCPClient({ transport });
  const { run } = await client.tools();
  return { call: (args) => run.execute(args, { toolCallId: '1', messages: [] }), close: () => client.close() };
};
