// The floor over stdio: correlation by a Map, JSON both ways, the requests of one tick in one write. Nothing else.
import { spawn } from 'node:child_process';
import { handshake } from '../lib/legacy.js';
import { stdioServer } from '../lib/server.js';

/** @type {import('../lib/subject.js').Connect} */
export const connect = async (spec) => {
  const { command, args } = stdioServer(spec);
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map();
  let lastId = 0;
  let out = '';

  const flush = () => {
    child.stdin.write(out);
    out = '';
  };
  const send = (message) => {
    if (out === '') process.nextTick(flush);
    out += `${JSON.stringify(message)}\n`;
  };
  const settle = (line) => {
    const message = JSON.parse(line);
    const { resolve, reject } = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error === undefined) resolve(message.result);
    else reject(new Error(message.error.message));
  };

  let rest = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk) => {
    let start = 0;
    let end = chunk.indexOf('\n');
    while (end !== -1) {
      settle(rest + chunk.slice(start, end));
      rest = '';
      start = end + 1;
      end = chunk.indexOf('\n', start);
    }
    rest += start === 0 ? chunk : chunk.slice(start);
  });

  const request = (method, params) =>
    new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      send({ jsonrpc: '2.0', id: lastId, method, params });
    });

  await handshake(request, (method) => send({ jsonrpc: '2.0', method }));
  return {
    call: (name, args) => request('tools/call', { name, arguments: args }),
    close: async () => child.stdin.end(),
  };
};
