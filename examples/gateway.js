/**
 * The gateway in front of three real MCP servers that come with the development dependencies, until Ctrl-C: `npm start`
 * builds the library and runs this. `PORT=0` takes any free port.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApiKey, gatewayHandlers } from 'toolway/gateway';
import { createToolkit, drainOnSignals, serveGateway } from 'toolway/node';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = await mkdtemp(join(tmpdir(), 'toolway-demo-'));

/** @param {string} name @param {...string} args */
const reference = (name, ...args) => ({
  command: process.execPath,
  args: [join(root, 'node_modules/@modelcontextprotocol', `server-${name}`, 'dist/index.js'), ...args],
  cwd: root,
});

const toolkit = await createToolkit({
  ...gatewayHandlers,
  mcpServers: {
    everything: reference('everything', 'stdio'),
    files: reference('filesystem', root),
    memory: { ...reference('memory'), env: { MEMORY_FILE_PATH: join(scratch, 'memory.jsonl') } },
  },
  connect: 'wait',
});

const { key } = await createApiKey();
const gateway = await serveGateway(toolkit, {
  port: Number(process.env.PORT ?? 3333),
  access: { apiKeys: [{ name: 'demo', key, scopes: ['admin', 'approve'] }] },
});
const { url } = gateway;

console.log(`Toolway listens on ${url}
  key    ${key}
  open   ${url}${gateway.createLink('demo')}  (once, within 60 s)

Three commands to try:
  curl -H 'X-API-Key: ${key}' -d '{"a": 19, "b": 23}' -H 'Content-Type: application/json' ${url}/api/tools/everything/get-sum
  curl -H 'X-API-Key: ${key}' '${url}/api/tools/search?q=read+a+file&limit=1'
  node dist/cli/main.js call everything__echo message=Hello --url ${url}/mcp --header 'X-API-Key: ${key}'

Ctrl-C ends it; what is under way may finish.`);

drainOnSignals({
  async close({ drainMs } = {}) {
    await gateway.drain({ drainMs });
    await toolkit.close({ drainMs: 0 });
    await gateway.close();
    await rm(scratch, { recursive: true });
  },
});
