// `@modelcontextprotocol/sdk` 1.x as its documentation shows it. Listing the tools switches its check of results on.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { stdioServer } from '../lib/server.js';
import { connectEach, urlOf } from '../lib/subject.js';

/** @type {import('../lib/subject.js').Connect} */
export const connect = (spec) =>
  connectEach(spec, async (index) => {
    const client = new Client({ name: 'bench', version: '1.0.0' });
    await client.connect(
      spec.transport === 'stdio'
        ? new StdioClientTransport(stdioServer(spec))
        : new StreamableHTTPClientTransport(new URL(urlOf(spec, index))),
    );
    await client.listTools();
    return client;
  });
