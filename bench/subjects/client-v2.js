// `@modelcontextprotocol/client` 2.x as its documentation shows it. Listing the tools switches its check of results on.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { stdioServer } from '../lib/server.js';
import { connectEach, urlOf } from '../lib/subject.js';

/** @type {import('../lib/subject.js').Connect} */
export const connect = (spec) =>
  connectEach(spec, async (index) => {
    const options = spec.era === 'modern' ? { versionNegotiation: { mode: 'auto' } } : {};
    const client = new Client({ name: 'bench', version: '1.0.0' }, options);
    await client.connect(
      spec.transport === 'stdio'
        ? new StdioClientTransport(stdioServer(spec))
        : new StreamableHTTPClientTransport(new URL(urlOf(spec, index))),
    );
    await client.listTools();
    return client;
  });
