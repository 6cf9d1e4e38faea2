// A legacy MCP server of a few lines with one fault, chosen by its first argument. Each run of a tool is a line in the file named by the second.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [fault = 'none', log = '/dev/null'] = process.argv.slice(2);
const note = (/** @type {string} */ line) => appendFileSync(log, `${line}\n`);
const say = (/** @type {unknown} */ message) => process.stdout.write(`${JSON.stringify(message)}\n`);

note(`pid ${process.pid}`);
if (fault === 'junk') process.stdout.write('> start\n\nListening…\n{"level":"info"}\n');
if (fault === 'stubborn') {
  process.on('SIGTERM', () => {});
  const grandchild = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e3)'], {
    stdio: 'ignore',
  });
  note(`pid ${grandchild.pid}`);
  setInterval(() => {}, 1000);
}

const results = {
  /** @param {{ protocolVersion: string }} params */
  initialize: (params) => ({
    protocolVersion: params.protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'faulty', version: '1' },
  }),
  'tools/list': () => ({ tools: [{ name: 'run', inputSchema: { type: 'object' } }] }),
  ping: () => ({}),
};

/** @param {{ id?: number, method: string, params: any }} message */
const answer = ({ id, method, params }) => {
  if (id === undefined) return;
  if (method === 'initialize' && fault === 'mute') return;
  if (method === 'tools/call') {
    note('run');
    if (params.arguments?.fault === 'exit') process.exit(3);
    if (params.arguments?.fault === 'silence') return;
    const text = params.arguments?.fault === 'large' ? 'x'.repeat(12 * 1024 * 1024) : 'done';
    say({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });
  } else if (method in results) {
    say({ jsonrpc: '2.0', id, result: results[/** @type {keyof typeof results} */ (method)](params) });
  } else say({ jsonrpc: '2.0', id, error: { code: -32601, message: 'unknown method' } });
};
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line !== '') answer(JSON.parse(line));
});
