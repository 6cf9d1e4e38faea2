/** Links that carry whole messages both ways: in memory, and over a WebSocket. */
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { JsonObject } from '../../protocol/types.ts';
import type { JsonRpcMessage } from '../../protocol/wire.ts';
import { createMemoryPair } from '../../transport/memory.ts';
import type { Transport } from '../../transport/transport.ts';
import { type Host, MIB, type Voice } from './voice.ts';

/** A new link in memory: its near end, and the means to break it. */
export const openMemory = (host: Host): { transport: Transport; cut(): void } => {
  const [near, far] = createMemoryPair();
  const say = (message: unknown): void => void far.send(message as JsonRpcMessage).catch(() => {});
  const conversation = host.open(say);
  const cut = (): void => void far.close();
  const voice: Voice = {
    awaited: true,
    streams: true,
    say,
    sliced: say,
    pour: async (head, mib, tail) => say(JSON.parse(`${head}${'x'.repeat(mib * MIB)}${tail}`)),
    raw: say,
    junk: say,
    cut(where, message) {
      if (where === 'after') say(message);
      cut();
    },
    done() {},
  };
  far.onmessage = (message) => conversation.hear(message as unknown as JsonObject, voice);
  far.onclose = () => conversation.close?.();
  void far.start();
  return { transport: near, cut };
};

/** A running WebSocket server. */
export interface WebSocketLink {
  url: string;
  cut(): void;
  close(): Promise<void>;
}

export const startWebSocket = async (host: Host): Promise<WebSocketLink> => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    const send = (bytes: Buffer, fin: boolean): Promise<void> =>
      new Promise((resolve) => socket.send(bytes, { compress: false, binary: false, fin }, () => resolve()));
    const raw = (text: string): void => socket.send(text);
    const voice: Voice = {
      awaited: true,
      streams: true,
      say: (message) => raw(JSON.stringify(message)),
      sliced(message) {
        const bytes = Buffer.from(`\u{feff}${JSON.stringify(message)}\r\n`);
        for (let at = 0; at < bytes.length; at += 1) void send(bytes.subarray(at, at + 1), at === bytes.length - 1);
      },
      async pour(head, mib, tail) {
        const block = Buffer.alloc(MIB / 4, 'x');
        await send(Buffer.from(head), false);
        for (let i = 0; i < mib * 4 && socket.readyState === 1; i += 1) await send(block, false);
        await send(Buffer.from(tail), true);
      },
      raw,
      junk: raw,
      cut(where, message) {
        const text = JSON.stringify(message);
        if (where === 'middle') void send(Buffer.from(text.slice(0, text.length / 2)), false);
        if (where === 'after') raw(text);
        setTimeout(() => socket.terminate(), 10);
      },
      done() {},
    };
    const conversation = host.open(voice.say);
    socket.on('message', (text) => conversation.hear(JSON.parse(String(text)) as JsonObject, voice));
    socket.on('close', () => conversation.close?.());
  });
  const cut = (): void => {
    for (const client of server.clients) client.terminate();
  };
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    cut,
    close: () =>
      new Promise((resolve) => {
        cut();
        server.close(() => resolve());
      }),
  };
};
