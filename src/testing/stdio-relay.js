// Stands between a client and a stdio server: everything that passes goes through the process that makes the faults.
// argv: its port, then the command of the server and its arguments.
import { spawn } from 'node:child_process';
import { connect } from 'node:net';

const [port, command = '', ...args] = process.argv.slice(2);
/** How long the server may take to exit after its last word, in milliseconds. */
const EXIT_MS = 250;

/** @param {string} side */
const dial = (side) => {
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  socket.write(`${side} ${process.pid}\n`);
  return socket;
};
/** @type {import('node:child_process').ChildProcess | undefined} */
let server;
/** @param {string} [why] */
const crash = (why) => {
  if (why !== undefined) process.stderr.write(`${why}\n`);
  server?.kill('SIGKILL');
  process.exit(1);
};

const outer = dial('outer');
const inner = dial('inner');
outer.on('error', () => crash('the link was reset'));
inner.on('error', () => crash('the link was reset'));
outer.pipe(process.stdout, { end: false });
process.stdout.on('error', () => crash());
process.stdin.pipe(outer);

let connected = 0;
for (const socket of [outer, inner]) {
  socket.on('connect', () => {
    connected += 1;
    if (connected === 2) start();
  });
}

const start = () => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  server = child;
  child.on('error', (error) => crash(error.message));
  child.stdin.on('error', () => {});
  inner.pipe(child.stdin);
  child.stdout.pipe(inner);
  let isDone = false;
  child.stdout.on('end', () => {
    isDone = true;
  });
  /** @type {Promise<number>} */
  const exited = new Promise((resolve) => {
    child.on('exit', (code) => resolve(code ?? 1));
  });
  outer.on('end', () => {
    if (!isDone) return crash('the link was closed');
    setTimeout(() => crash('the server closed its stdout'), EXIT_MS);
    void exited.then((code) => {
      process.stdout.write('', () => process.exit(code));
    });
  });
};
