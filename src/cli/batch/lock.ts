/** One run of a batch at a time on this machine. What is held goes with the process, however it ends. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ToolwayError } from '../../errors.ts';

/** A socket that nobody else can listen on: an abstract one, a named pipe, or else a file that a killed run leaves behind. */
const addressOf = (path: string): string => {
  const name = `toolway-batch-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
};

const listen = (address: string): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(server.unref()));
  });

const answers = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** Resolves to the means to let go. Throws `invalid_arguments` while another process holds the same `path`, which must be absolute. */
export const holdAlone = async (path: string): Promise<() => Promise<void>> => {
  const address = addressOf(path);
  let server = await listen(address);
  if (server === undefined && address.startsWith('/') && !(await answers(address))) {
    await rm(address, { force: true });
    server = await listen(address);
  }
  if (server === undefined) {
    throw new ToolwayError('invalid_arguments', `another run is at work on ${path}`, { executed: 'no' });
  }
  const held = server;
  return () => new Promise((resolve) => void held.close(() => resolve()));
};
