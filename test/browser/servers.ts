/** Servers that a page of another origin may speak to. */
import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { WebSocketServer } from 'ws';
import { host, installed, launch, program } from '../fixtures/servers/launch.ts';
import { createWorld } from '../fixtures/servers/sdk-v2-world.js';

export interface Reachable {
  url: string;
  stop(): Promise<unknown>;
}

const EVERYTHING = installed('@modelcontextprotocol/server-everything/dist/index.js');

/** The everything server over Streamable HTTP; it lets every origin in by itself. */
export const everythingOverHttp = async (): Promise<Reachable> => {
  const { origin, stop } = await launch([EVERYTHING, 'streamableHttp']);
  return { url: `${origin}/mcp`, stop };
};

/** A program on stdio behind a WebSocket: each message is a line. */
const overWebSocket = async (args: readonly string[]): Promise<Reachable> => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (socket) => {
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    createInterface(child.stdout).on('line', (line) => socket.send(line));
    socket.on('message', (data) => child.stdin.write(`${data}\n`));
    socket.on('close', () => child.kill('SIGKILL'));
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of server.clients) socket.terminate();
      await closed;
    },
  };
};
export const everythingOverWebSocket = (): Promise<Reachable> => overWebSocket([EVERYTHING, 'stdio']);
export const modernOverWebSocket = (): Promise<Reachable> =>
  overWebSocket([program('sdk-v2-stdio.js'), '--modern-only']);

/** A server of the modern era alone. `effects` is what its tools did; without `cors` it lets no other origin in. */
export const modernOverHttp = async ({ cors = true } = {}): Promise<Reachable & { effects: string[] }> => {
  const { factory, effects } = createWorld();
  const handler = createMcpHandler(factory, { legacy: 'reject' });
  const node = toNodeHandler(handler);
  const hosted = await host((request, response, body) => {
    if (cors && letIn(request, response)) return;
    return node(request, response, body);
  });
  return {
    url: `${hosted.origin}/mcp`,
    effects,
    stop: async () => {
      await handler.close();
      await hosted.stop();
    },
  };
};

/** Any origin may ask anything. True where that was the whole question. */
const letIn = ({ method, headers }: IncomingMessage, response: ServerResponse): boolean => {
  response.setHeader('access-control-allow-origin', '*');
  if (method !== 'OPTIONS') return false;
  response.setHeader('access-control-allow-headers', headers['access-control-request-headers'] ?? '');
  response.writeHead(204).end();
  return true;
};

/** An address at which nobody listens. */
export const nobody = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(`127.0.0.1:${port}/mcp`));
    });
  });
