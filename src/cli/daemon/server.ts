/** The daemon: takes connections of one user, and runs the lines that come. */
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { ToolwayError } from '../../errors.ts';
import { runAlone } from '../../node/file-lock.ts';
import { makeFolder } from '../../node/make-folder.ts';
import type { CliContext } from '../command.ts';
import { reach } from './connect.ts';
import { FRAME, type Frame, frameOf, type Hello, jsonFrame, type WarmLine } from './frames.ts';
import { greet } from './greet.ts';
import type { KeptToolkits } from './kept.ts';
import { createRemoteLine, type RemoteLine } from './line.ts';
import { isOwn, type Place, type Secrets } from './place.ts';
import type { DaemonReport } from './report.ts';
import { createWire } from './wire.ts';

/** Lines at once; a further one runs as if there were no daemon. */
export const MOST_LINES = 64;
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
  /** Those that were promised that their line is run, and have not sent it yet. */
  const expected = new Set<Socket>();
  let usedAt = performance.now();
  let isEnding = false;
  let timer: NodeJS.Timeout | undefined;
  let finish = (): void => {};
  const over = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let drained = (): void => {};

  const look = (): void => {
    clearTimeout(timer);
    if (lines.size > 0 || expected.size > 0) return;
    drained();
    if (isEnding || kept.size > 0) return;
    const leftMs = usedAt + idleMs - performance.now();
    if (leftMs <= 0) finish();
    else timer = setTimeout(look, leftMs);
  };
  const noLonger = (socket: Socket): void => {
    if (expected.delete(socket)) look();
  };
  const open = (socket: Socket, line: WarmLine): ((frame: Frame) => void) => {
    const { remote, run } = openLine(socket, line, options);
    const running = run.finally(() => {
      lines.delete(remote);
      usedAt = performance.now();
      look();
    });
    lines.set(remote, running);
    noLonger(socket);
    return remote.take;
  };
  const report = async (): Promise<DaemonReport> => ({
    pid: process.pid,
    version: options.version,
    since,
    lines: lines.size,
    idleMs,
    toolkits: await kept.report(),
  });
  const refusal = (want: Hello['want']): string | undefined => {
    if (isEnding && want !== 'stop') return 'the daemon is about to end';
    const isFull = want === 'line' && lines.size + expected.size >= MOST_LINES;
    return isFull ? `the daemon has ${MOST_LINES} lines under way` : undefined;
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      noLonger(socket);
    });
    greet(socket, secrets, {
      refusal,
      welcome(want) {
        if (want === 'line') expected.add(socket);
        else if (want === 'stop') finish();
        else void report().then((said) => socket.end(jsonFrame(FRAME.report, said)));
      },
      open: (line) => open(socket, line),
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
      forget(place, secrets);
      let patience: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        drained = resolve;
        patience = setTimeout(resolve, DRAIN_MS);
        look();
      });
      clearTimeout(patience);
      for (const socket of expected) socket.destroy();
      for (const line of lines.keys()) line.cancel();
      await Promise.all(lines.values());
      await kept.close();
      for (const socket of sockets) socket.end();
    },
  };
};

/** Becomes the one that listens at the place; what a killed daemon left there is taken away. */
const claim = async (server: Server, place: Place, secrets: Secrets): Promise<boolean> => {
  await makeFolder(place.folder, { mode: 0o700 });
  isOwn(place.folder);
  return runAlone(place.socket, async () => {
    const there = await reach(place, 'status');
    if ('socket' in there) there.socket.destroy();
    if ('socket' in there || !there.absent) return false;
    rmSync(place.token, { force: true });
    if (process.platform !== 'win32') rmSync(place.socket, { force: true });
    await writeFile(place.token, textOf(secrets), { mode: 0o600, flag: 'wx' });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(place.socket, resolve);
    });
    // A connection that could not be taken is the matter of whoever wanted it.
    server.on('error', () => {});
    if (process.platform !== 'win32') await chmod(place.socket, 0o600);
    return true;
  });
};

const textOf = ({ token, proof }: Secrets): string => `${token}\n${proof}\n`;

/** Takes the secrets away, unless they are those of another daemon by now. */
const forget = ({ token }: Place, secrets: Secrets): void => {
  try {
    if (readFileSync(token, 'utf8') === textOf(secrets)) rmSync(token);
  } catch {
    // They are gone already.
  }
};

/** Runs a line until it has ended and everything it printed is on its way. */
const openLine = (
  socket: Socket,
  line: WarmLine,
  { version, kept, runLine }: DaemonOptions,
): { remote: RemoteLine; run: Promise<void> } => {
  const views: { close(): Promise<void> }[] = [];
  let isOver = false;
  const { cwd, env } = line;
  const remote: RemoteLine = createRemoteLine({
    line,
    wire: createWire(socket),
    version,
    async toolkit(options, source) {
      if (source === undefined) throw new ToolwayError('internal', 'the line has no configuration');
      const toolkit = await kept.take({ options, source, launch: { cwd, env }, signal: remote.context.signal });
      views.push(toolkit);
      // Nobody waits for it any more.
      if (isOver) await toolkit.close();
      return toolkit;
    },
  });
  socket.on('close', remote.cancel);
  const run = async (): Promise<void> => {
    const code = await Promise.race([runLine(line.words, remote.context), remote.overdue]);
    isOver = true;
    socket.off('close', remote.cancel);
    for (const view of views) await view.close();
    socket.end(frameOf(FRAME.exit, String(code)));
  };
  return { remote, run: run() };
};
