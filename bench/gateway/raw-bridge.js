// The least that a gateway can be: node:http in front, one JSONL child behind, written by hand for exactly this. No
// authentication, no policy, no metrics, no history, no limits. `node bench/gateway/raw-bridge.js COMMAND ARGS…`
// POST / takes the arguments of `echo` and answers { content }; POST /mcp takes and answers JSON-RPC.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { handshake } from '../lib/legacy.js';

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
child.on('exit', () => process.exit(1));
const waiting = new Map();
let lastId = 0;
let unread = '';
let unsent = '';

child.stdout.setEncoding('utf8');
child.stdout.on('data', (chunk) => {
  const lines = (unread + chunk).split('\n');
  unread = lines.pop();
  for (const line of lines) {
    const message = JSON.parse(line);
    const resolve = waiting.get(message.id);
    if (resolve === undefined) continue;
    waiting.delete(message.id);
    resolve(message);
  }
});

/** What is sent in one turn of the loop leaves in one write. */
const flush = () => {
  child.stdin.write(unsent);
  unsent = '';
};
const send = (message) => {
  if (unsent === '') setImmediate(flush);
  unsent += `${JSON.stringify(message)}\n`;
};
const request = (method, params) =>
  new Promise((resolve) => {
    lastId += 1;
    waiting.set(lastId, resolve);
    send({ jsonrpc: '2.0', id: lastId, method, params });
  });
await handshake(request, (method) => send({ jsonrpc: '2.0', method }));

const answerTo = async (path, body) => {
  if (path !== '/mcp') {
    const { result } = await request('tools/call', { name: 'echo', arguments: body });
    return { content: result.content };
  }
  const answer = await request(body.method, body.params);
  answer.id = body.id;
  return answer;
};
const server = createServer((incoming, outgoing) => {
  const chunks = [];
  incoming.on('data', (chunk) => chunks.push(chunk));
  incoming.on('end', async () => {
    const text = JSON.stringify(await answerTo(incoming.url, JSON.parse(Buffer.concat(chunks))));
    outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    outgoing.end(text);
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
process.on('SIGTERM', () => process.exit(0));
