/** One line at work in the daemon, whose world is at the other end of a connection. */
import { Writable } from 'node:stream';
import type { CliContext, Sink } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { FRAME, type Frame, frameOf, jsonFrame, type StreamFacts, type WarmLine, type Wish } from './frames.ts';
import { createRemoteInput } from './input.ts';
import type { Wire } from './wire.ts';

/** Of remarks that nobody waits for; while the other end does not take them, more are dropped. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** How long a call that was cancelled has to be cancelled on its server too. */
const CANCEL_GRACE_MS = 500;

const CODES: Readonly<Record<string, number>> = { SIGINT: EXIT.cancelled, SIGTERM: 143, SIGHUP: 129 };

export interface RemoteLineOptions {
  line: WarmLine;
  wire: Wire;
  version: string;
  toolkit: CliContext['toolkit'];
}

export interface RemoteLine {
  context: CliContext;
  /** What came for the line. */
  take(frame: Frame): void;
  /** Ends the line as Ctrl-C does. */
  cancel(): void;
  /** Resolves to the exit code when the line has had its time to end after it was cancelled. */
  overdue: Promise<number>;
}

/** Makes the world of a line. */
export const createRemoteLine = ({ line, wire, version, toolkit }: RemoteLineOptions): RemoteLine => {
  const { stdout, stderr, env, cwd, hasTerminal } = line;
  const interrupt = new AbortController();
  const wish = (wanted: Wish): void => void wire.send(jsonFrame(FRAME.wish, wanted));
  const input = createRemoteInput(wish);
  const opening = new Map<number, (error: string | undefined) => void>();
  const screen = screenOf(wire, stderr);
  let urls = 0;
  let end = (_code: number): void => {};
  const overdue = new Promise<number>((resolve) => {
    end = resolve;
  });
  const stop = (code: number): void => {
    if (interrupt.signal.aborted) return;
    interrupt.abort();
    setTimeout(() => end(code), CANCEL_GRACE_MS);
  };

  const context: CliContext = {
    stdout: sinkOf(wire, FRAME.stdout, stdout),
    stderr: sinkOf(wire, FRAME.stderr, stderr),
    stdin: input.text,
    bytes: () => input.bytes,
    async *lines() {
      const { createInterface } = await import('node:readline');
      yield* createInterface({ input: input.bytes, crlfDelay: Number.POSITIVE_INFINITY });
    },
    ...(hasTerminal && {
      terminal: async () => (await import('../terminal.ts')).createTerminal(input.keys, screen),
    }),
    openUrl: (url) =>
      new Promise((resolve, reject) => {
        urls += 1;
        opening.set(urls, (error) => (error === undefined ? resolve() : reject(new Error(error))));
        wish({ open: url, id: urls });
      }),
    env,
    cwd,
    version,
    signal: interrupt.signal,
    toolkit,
    keepsToolkits: true,
  };
  return {
    context,
    overdue,
    cancel: () => stop(EXIT.cancelled),
    take({ kind, body }) {
      if (kind === FRAME.stdin) input.take(body);
      else if (kind === FRAME.signal) stop(CODES[body.toString()] ?? EXIT.cancelled);
      else if (kind === FRAME.size) {
        const columns = JSON.parse(body.toString()) as Record<'stdout' | 'stderr', number | null>;
        resize(stdout, columns.stdout);
        resize(stderr, columns.stderr);
        screen.emit('resize');
      } else if (kind === FRAME.opened) {
        const { id, error } = JSON.parse(body.toString()) as { id: number; error?: string };
        opening.get(id)?.(error);
        opening.delete(id);
      }
    },
  };
};

const resize = (facts: StreamFacts, columns: number | null): void => {
  if (facts.isTty && columns !== null && columns > 0) facts.columns = columns;
};

const sinkOf = (wire: Wire, kind: number, facts: StreamFacts): Sink => ({
  async write(chunk) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (kind === FRAME.stderr && wire.unread() > MAX_UNREAD_BYTES) return;
    // All at once, so that nothing else is written in between.
    const sent: Promise<void>[] = [];
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      sent.push(wire.send(frameOf(kind, bytes.subarray(at, at + CHUNK_BYTES))));
    }
    await Promise.all(sent);
  },
  isTty: facts.isTty,
  get columns() {
    return facts.columns;
  },
});

/** What the line editor draws on. */
const screenOf = (wire: Wire, facts: StreamFacts): Writable => {
  const screen = new Writable({
    write(chunk: Buffer, _encoding, done) {
      wire.send(frameOf(FRAME.stderr, chunk)).then(() => done(), done);
    },
  });
  return Object.defineProperties(screen, { columns: { get: () => facts.columns }, isTTY: { value: true } });
};
