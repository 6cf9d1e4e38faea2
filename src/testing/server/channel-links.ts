/** Links that carry whole messages both ways: in memory, over a WebSocket, over stdin and stdout. */
import { writeSync } from 'node:fs';
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

const STDOUT = 1;

/** Writes all of it before it returns; the process ends quietly where nobody reads any more. */
export const writeAll = (fd: number, bytes: Uint8Array, most = bytes.length): void => {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done, Math.min(most, bytes.length - done));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.exit(0);
    }
  }
};
const write = (text: string, most?: number): void => writeAll(STDOUT, Buffer.from(text), most);

/** The voice of a process on its stdout. A cut is its end. */
const stdioVoice: Voice = {
  awaited: true,
  streams: true,
  say: (message) => write(`${JSON.stringify(message)}\n`),
  sliced: (message) => write(`\u{feff}${JSON.stringify(message)}\r\n`, 1),
  async pour(head, mib, tail) {
    const block = Buffer.alloc(MIB, 'x');
    write(head);
    for (let i = 0; i < mib; i += 1) writeAll(STDOUT, block);
    write(`${tail}\n`);
  },
  raw: (text) => write(text),
  junk: (text) => write(`${text}\n`),
  cut(where, message) {
    const text = JSON.stringify(message);
    if (where === 'middle') write(text.slice(0, text.length / 2));
    if (where === 'after') write(`${text}\n`);
    process.exit(1);
  },
  done() {},
};

/** Serves this process's own stdin and stdout, until stdin ends. */
export const serveStdin = (host: Host): Promise<void> =>
  new Promise((resolve) => {
    const conversation = host.open(stdioVoice.say);
    let rest = '';
    // Lines end with LF alone. Newer releases of Node's own readline also split at U+2028, which may stand in a JSON text.
    process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') conversation.hear(JSON.parse(line), stdioVoice);
    });
    process.stdin.on('end', () => {
      conversation.close?.();
      resolve();
    });
  });
