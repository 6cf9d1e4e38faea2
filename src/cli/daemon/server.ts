/** The daemon: takes connections of one user, and runs the lines that come. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { rmSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { ToolwayError } from '../../errors.ts';
import { runAlone } from '../../node/file-lock.ts';
import type { CliContext } from '../command.ts';
import { reach } from './connect.ts';
import {
  createFrameReader,
  FRAME,
  type Frame,
  frameOf,
  type Hello,
  jsonFrame,
  MAX_FRAME_BYTES,
  MAX_HELLO_BYTES,
  type WarmLine,
  type Welcome,
} from './frames.ts';
import type { KeptToolkits } from './kept.ts';
import { createRemoteLine, type RemoteLine } from './line.ts';
import { isOwn, type Place, type Secrets } from './place.ts';
import type { DaemonReport } from './report.ts';
import { createWire } from './wire.ts';

/** Connections at once; a further line runs as if there were no daemon. */
export const MOST_CONNECTIONS = 64;
/** How long a connection may take to say who it is, and what it wants. */
const HELLO_MS = 5_000;
/** How long lines under way have when the daemon is told to end, before they are cancelled. */
const DRAIN_MS = 5_000;

export interface DaemonOptions {
  place: Place;
  version: string;
  kept: KeptToolkits;
  /** How long it stays with nothing to do. */
  idleMs: number;
  /** Runs one line and gives its exit code. Never throws. */
  runLine(words: readonly string[], context: CliContext): Promise<number>;
}

export interface Daemon {
  /** Resolves when nobody has needed it for long, or somebody has told it to end. */
  readonly over: Promise<void>;
  /** Something may have come to its end. */
  look(): void;
  /** Takes no more lines, lets those under way end, and closes everything. */
  close(): Promise<void>;
}

/** Starts to listen. Resolves to undefined where another daemon listens there. */
export const startListening = async (options: DaemonOptions): Promise<Daemon | undefined> => {
  const { place, kept, idleMs } = options;
  const since = Date.now();
  const secrets: Secrets = { token: randomBytes(32).toString('hex'), proof: randomBytes(32).toString('hex') };
  const lines = new Map<RemoteLine, Promise<void>>();
  const sockets = new Set<Socket>();
  let usedAt = performance.now();
  let isEnding = false;
  let timer: NodeJS.Timeout | undefined;
  let finish = (): void => {};
  const over = new Promise<void>((resolve) => {
    finish = resolve;
  });

  const look = (): void => {
    clearTimeout(timer);
    if (lines.size > 0 || kept.size > 0) return;
    const leftMs = usedAt + idleMs - performance.now();
    if (leftMs <= 0) finish();
    else timer = setTimeout(look, leftMs);
  };
  const work = async (socket: Socket, line: WarmLine): Promise<void> => {
    const remote = openLine(socket, line, options);
    const running = remote.run.finally(() => {
      lines.delete(remote.line);
      usedAt = performance.now();
      look();
    });
    lines.set(remote.line, running);
    await running;
  };
  const report = async (): Promise<DaemonReport> => ({
    pid: process.pid,
    version: options.version,
    since,
    lines: lines.size,
    idleMs,
    toolkits: await kept.report(),
  });

  const server = createServer({ pauseOnConnect: false }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    const refuse = (why: string): void => void socket.end(jsonFrame(FRAME.refused, { why }));
    greet(socket, secrets, {
      refusal: () => {
        if (isEnding) return 'the daemon is about to end';
        return sockets.size > MOST_CONNECTIONS ? `the daemon has ${MOST_CONNECTIONS} lines under way` : undefined;
      },
      refuse,
      async take(want, line) {
        if (want === 'stop') finish();
        else if (line === undefined) socket.end(jsonFrame(FRAME.report, await report()));
        else await work(socket, line);
      },
    });
  });
  if (!(await claim(server, place, secrets))) return undefined;
  look();

  return {
    over,
    look,
    async close() {
      isEnding = true;
      clearTimeout(timer);
      server.close();
      rmSync(place.token, { force: true });
      const all = Promise.all(lines.values());
      let patience: NodeJS.Timeout | undefined;
      await Promise.race([all, new Promise((resolve) => (patience = setTimeout(resolve, DRAIN_MS)))]);
      clearTimeout(patience);
      for (const line of lines.keys()) line.cancel();
      await all;
      await kept.close();
      for (const socket of sockets) socket.end();
    },
  };
};

/** Becomes the one that listens at the place; what a killed daemon left there is taken away. */
const claim = async (server: Server, place: Place, { token, proof }: Secrets): Promise<boolean> => {
  await mkdir(place.folder, { recursive: true, mode: 0o700 });
  isOwn(place.folder);
  return runAlone(place.socket, async () => {
    const there = await reach(place, 'status');
    if ('socket' in there) there.socket.destroy();
    if ('socket' in there || !there.absent) return false;
    rmSync(place.token, { force: true });
    if (process.platform !== 'win32') rmSync(place.socket, { force: true });
    await writeFile(place.token, `${token}\n${proof}\n`, { mode: 0o600, flag: 'wx' });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(place.socket, resolve);
    });
    if (process.platform !== 'win32') await chmod(place.socket, 0o600);
    return true;
  });
};

interface Taking {
  /** Why nobody is served now. */
  refusal(): string | undefined;
  refuse(why: string): void;
  /** A question, or a line. */
  take(want: Hello['want'], line: WarmLine | undefined): Promise<void>;
}

const same = (given: unknown, own: string): boolean =>
  typeof given === 'string' && given.length === own.length && timingSafeEqual(Buffer.from(given), Buffer.from(own));

/** Finds out who is there, before anything else is read. */
const greet = (socket: Socket, { token, proof }: Secrets, { refusal, refuse, take }: Taking): void => {
  const reader = createFrameReader(MAX_HELLO_BYTES);
  const timer = setTimeout(() => socket.destroy(), HELLO_MS);
  let isKnown = false;
  const done = (): void => {
    clearTimeout(timer);
    socket.off('data', onData);
  };
  const onFrame = ({ kind, body }: Frame): void => {
    if (!isKnown) {
      const { token: given, want } = JSON.parse(body.toString()) as Partial<Hello>;
      const why = kind !== FRAME.hello || !same(given, token) ? 'the daemon does not know you' : refusal();
      if (why !== undefined) {
        done();
        refuse(why);
        return;
      }
      isKnown = true;
      reader.allow(MAX_FRAME_BYTES);
      socket.write(jsonFrame(FRAME.welcome, { proof, pid: process.pid } satisfies Welcome));
      if (want === 'line') return;
      done();
      void take(want ?? 'status', undefined);
    } else if (kind === FRAME.line) {
      done();
      void take('line', JSON.parse(body.toString()) as WarmLine);
    } else throw new ToolwayError('protocol_error', 'the line is missing');
  };
  const onData = (chunk: Buffer): void => {
    try {
      for (const frame of reader.push(chunk)) onFrame(frame);
    } catch {
      done();
      socket.destroy();
    }
  };
  socket.on('data', onData);
  socket.on('close', () => clearTimeout(timer));
};

/** Runs a line until it has ended and everything it printed is on its way. */
const openLine = (
  socket: Socket,
  line: WarmLine,
  { version, kept, runLine }: DaemonOptions,
): { line: RemoteLine; run: Promise<void> } => {
  const views: { close(): Promise<void> }[] = [];
  const { cwd, env } = line;
  const remote: RemoteLine = createRemoteLine({
    line,
    wire: createWire(socket),
    version,
    async toolkit(options, source) {
      if (source === undefined) throw new ToolwayError('internal', 'the line has no configuration');
      const toolkit = await kept.take({ options, source, launch: { cwd, env }, signal: remote.context.signal });
      views.push(toolkit);
      return toolkit;
    },
  });
  const reader = createFrameReader(MAX_FRAME_BYTES);
  socket.on('data', (chunk) => {
    try {
      for (const frame of reader.push(chunk)) remote.take(frame);
    } catch {
      socket.destroy();
    }
  });
  socket.on('close', remote.cancel);
  const run = async (): Promise<void> => {
    const code = await Promise.race([runLine(line.words, remote.context), remote.overdue]);
    socket.off('close', remote.cancel);
    for (const view of views) await view.close();
    socket.end(frameOf(FRAME.exit, String(code)));
  };
  return { line: remote, run: run() };
};
