/** A line that the daemon runs: what is typed goes there, what is printed comes back. The command is shipped with all of it in one small file. */
import type { Socket } from 'node:net';
import { type Line, parseLine } from '../args.ts';
import { EXIT } from '../exit-codes.ts';
import { hasReaderLeft } from '../reader-left.ts';
import { type Connection, reach } from './connect.ts';
import { FRAME, type Frame, frameOf, jsonFrame, type StreamFacts, type WarmLine, type Wish } from './frames.ts';
import { placeOf } from './place.ts';

const SIGNALS = { SIGINT: EXIT.cancelled, SIGTERM: 143, SIGHUP: 129 } as const;

/** Names of what only this process has open: the daemon would take its own for it. */
const OF_THIS_PROCESS = /\/dev\/(fd\/|std(in|out|err)\b|tty\b)|\/proc\/(self|thread-self)\//;

/** The line, where it is one that can be run by the daemon and wants to be. A line that is wrong runs as always. */
const warmLine = (words: readonly string[], env: NodeJS.ProcessEnv): Line | undefined => {
  try {
    const line = parseLine(words);
    const { options, command, help } = line;
    const wanted =
      options.flag('keep-alive') || ((env.TOOLWAY_KEEP_ALIVE ?? '') !== '' && env.TOOLWAY_KEEP_ALIVE !== '0');
    const canBe = command?.warm === true && !help && !options.flag('version') && !options.flag('no-keep-alive');
    return wanted && canBe && !words.some((word) => OF_THIS_PROCESS.test(word)) ? line : undefined;
  } catch {
    return undefined;
  }
};

const factsOf = (fd: 1 | 2): StreamFacts => {
  if (!process.getBuiltinModule('node:tty').isatty(fd)) return { isTty: false };
  const { columns } = fd === 1 ? process.stdout : process.stderr;
  return { isTty: true, ...(columns > 0 && { columns }) };
};

/** A connection, and what is to be sent on it. */
interface Ready {
  connection: Connection;
  message: Buffer;
  hasScreen: boolean;
}

const prepare = async (words: readonly string[]): Promise<Ready | string> => {
  const { env, argv } = process;
  const program = argv[1] ?? '';
  try {
    const place = placeOf(env, program);
    let reached = await reach(place, 'line');
    if ('why' in reached && reached.absent)
      reached = await (await import('./rare.ts')).startDaemon(place, program, env);
    if ('why' in reached) return reached.why;
    const [stdout, stderr] = [factsOf(1), factsOf(2)];
    const hasTerminal = stderr.isTty && process.getBuiltinModule('node:tty').isatty(0);
    const sent: WarmLine = { words, cwd: process.cwd(), env, stdout, stderr, hasTerminal };
    return { connection: reached, message: jsonFrame(FRAME.line, sent), hasScreen: stdout.isTty || stderr.isTty };
  } catch (error) {
    return (error as Error).message;
  }
};

/**
 * Runs the line in the daemon, which is started where there is none. False where it was not sent, and can be run as
 * always.
 */
export const runWarm = async (words: readonly string[]): Promise<boolean> => {
  const line = warmLine(words, process.env);
  if (line === undefined) return false;
  const ready = await prepare(words);
  if (typeof ready === 'string') {
    const { options } = line;
    if (options.flag('verbose') && !options.flag('quiet'))
      process.stderr.write(`toolway: runs without the daemon: ${ready}\n`);
    return false;
  }
  await converse(ready, line);
  return true;
};

type Lost = (error: NodeJS.ErrnoException) => void;

/** Writes to a standard stream as much as it takes at once; what it does not take keeps the daemon waiting. */
const createOut = (fd: 1 | 2, socket: Socket, lost: Lost): ((bytes: Uint8Array) => void) => {
  const { writeSync } = process.getBuiltinModule('node:fs');
  let stream: NodeJS.WriteStream | undefined;
  const later = (bytes: Uint8Array): void => {
    if (stream === undefined) {
      stream = fd === 1 ? process.stdout : process.stderr;
      stream.on('error', lost);
      stream.on('drain', () => socket.resume());
    }
    if (!stream.write(bytes)) socket.pause();
  };
  return (bytes) => {
    // A console of Windows takes no UTF-8 from a descriptor.
    if (stream !== undefined || process.platform === 'win32') return later(bytes);
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') later(bytes.subarray(at));
      else lost(error as NodeJS.ErrnoException);
    }
  };
};

/** The keyboard, or whatever stdin is. It is touched when the daemon first wants it. */
const createKeys = (socket: Socket) => {
  let isRaw = false;
  let isUsed = false;
  const restore = (): void => {
    if (isRaw) process.stdin.setRawMode(false);
    isRaw = false;
  };
  const use = (): void => {
    if (isUsed) return;
    isUsed = true;
    const { stdin } = process;
    const end = (): void => void socket.write(frameOf(FRAME.stdin));
    stdin.on('data', (chunk: Buffer) => {
      if (socket.write(frameOf(FRAME.stdin, chunk))) return;
      stdin.pause();
      socket.once('drain', () => stdin.resume());
    });
    stdin.on('end', end);
    stdin.on('error', end);
    process.on('exit', restore);
  };
  return {
    obey(wish: Exclude<Wish, { open: string }>): void {
      use();
      const { stdin } = process;
      if ('raw' in wish) {
        isRaw = wish.raw;
        stdin.setRawMode(wish.raw);
      } else if (wish.stdin === 'read') stdin.resume();
      else stdin.pause();
    },
    stop(): void {
      restore();
      if (isUsed) process.stdin.removeAllListeners().pause().unref?.();
    },
  };
};

const watchSize = (socket: Socket): void => {
  const { stdout, stderr } = process;
  const tell = (): void =>
    void socket.write(jsonFrame(FRAME.size, { stdout: stdout.columns ?? null, stderr: stderr.columns ?? null }));
  for (const stream of [stdout, stderr]) if (stream.isTTY) stream.on('resize', tell);
};

/** Sends the line and is its terminal until it has ended. From here on nothing runs it a second time. */
const converse = ({ connection: { socket, listen }, message, hasScreen }: Ready, line: Line): Promise<void> =>
  new Promise((resolve) => {
    let ended = false;
    const keys = createKeys(socket);
    const end = (code: number): void => {
      if (ended) return;
      ended = true;
      process.exitCode = code;
      keys.stop();
      socket.destroy();
      resolve();
    };
    const out = createOut(1, socket, (error) => {
      const isFailure = !hasReaderLeft(error);
      if (isFailure) process.stderr.write(`toolway: cannot write the output: ${error.message}\n`);
      end(isFailure ? EXIT.internal : EXIT.done);
    });
    const remarks = createOut(2, socket, () => {});
    const open = async (url: string, id: number): Promise<void> => {
      const { openFor } = await import('./rare.ts');
      socket.write(jsonFrame(FRAME.opened, { id, error: await openFor(url) }));
    };
    const frame = ({ kind, body }: Frame): void => {
      if (ended) return;
      if (kind === FRAME.stdout) out(body);
      else if (kind === FRAME.stderr) remarks(body);
      else if (kind === FRAME.exit) end(Number(body.toString()));
      else if (kind === FRAME.wish) {
        const wish = JSON.parse(body.toString()) as Wish;
        if ('open' in wish) void open(wish.open, wish.id);
        else keys.obey(wish);
      }
    };
    const closed = (): void => {
      if (!ended) void import('./rare.ts').then(({ tellLost }) => tellLost(line)).then(end);
    };

    let isSignalled = false;
    for (const [signal, code] of Object.entries(SIGNALS) as [keyof typeof SIGNALS, number][]) {
      process.on(signal, () => {
        if (isSignalled) process.exit(code);
        isSignalled = true;
        socket.write(frameOf(FRAME.signal, signal));
      });
    }
    if (hasScreen) watchSize(socket);
    listen({ frame, closed });
    socket.write(message);
  });
