/**
 * `node gateway.js PORT`: the gateway in front of the fixture, for the suite's `server --url http://127.0.0.1:PORT/mcp`.
 * Everybody on this machine is let in, and names are the fixture's own. Needs a built `dist/`.
 */
import { fileURLToPath } from 'node:url';
import { gatewayHandlers } from 'toolway/gateway';
import { createToolkit, serveGateway } from 'toolway/node';

const port = Number(process.argv[2] ?? 3333);
const fixture = fileURLToPath(new URL('gateway-fixture/server.js', import.meta.url));

const toolkit = await createToolkit({
  ...gatewayHandlers,
  mcpServers: { fixture: { command: process.execPath, args: [fixture] } },
  connect: 'wait',
});
const gateway = await serveGateway(toolkit, {
  port,
  access: { auth: 'none' },
  names: 'plain',
  limits: { taskAfterMs: 50 },
});
console.log(`${gateway.url}/mcp`);

const end = async () => {
  await gateway.close();
  await toolkit.close();
};
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end);
