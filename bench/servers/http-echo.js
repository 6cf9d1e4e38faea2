// MCP echo server over HTTP, without an SDK: stateless, JSON answers. Each path counts for itself.
// Prints its origin, and ends when its stdin does.
import { createServer } from 'node:http';
import { createEcho } from './echo-tools.js';

const MODERN = '2026-07-28';
const modern = process.argv.includes('--modern');

/** @type {Map<string, ReturnType<typeof createEcho>>} */
const echoes = new Map();

const echoAt = (path) => {
  let echo = echoes.get(path);
  if (echo === undefined) {
    echo = createEcho({ modern });
    echoes.set(path, echo);
  }
  return echo;
};

const sendJson = (response, status, body) => {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
};

const refuse = (message) => `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"${message}"}}`;

const server = createServer((request, response) => {
  if (request.method !== 'POST') {
    request.resume();
    sendJson(response, 405, refuse('Method not allowed'));
    return;
  }
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (!modern && request.headers['mcp-protocol-version'] === MODERN) {
      sendJson(response, 400, refuse('Bad Request: Unsupported protocol version'));
      return;
    }
    const answer = echoAt(request.url).answer(JSON.parse(Buffer.concat(chunks).toString()));
    if (answer === undefined) response.writeHead(202).end();
    else sendJson(response, 200, answer);
  });
});

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
