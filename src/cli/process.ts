/** The command `toolway` at work. The one place that touches the process: arguments, streams, signals, the exit code. */
import type { Toolkit } from '../api.ts';
import { VERSION } from '../version.ts';
import type { CliContext, Sink, Terminal } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { hasReaderLeft } from './reader-left.ts';
import { runCli } from './run.ts';

/** How long a call that was cancelled by Ctrl-C has to be cancelled on its server too. */
const CANCEL_GRACE_MS = 500;
/** How long servers on the network have to hear that their session is over. */
const GOODBYE_MS = 200;
/** How long what is remembered of this run may take to reach the disk. */
const WRITING_MS = 1_000;
const POLL_MS = 10;

const interrupt = new AbortController();
const toolkits: Toolkit[] = [];
let release = (): void => {};
let written = (): Promise<void> => Promise.resolve();
let ending = false;
let restoreTerminal = (): void => {};
let signalled: NodeJS.Signals | undefined;
let graceMs = CANCEL_GRACE_MS;

/** Servers on the network hold sessions that they can be told to drop; children need no more than a closed stdin. */
const holdsSessions = (toolkit: Toolkit): boolean =>
  Object.values(toolkit.status()).some(({ connected, transport }) => connected && transport !== 'stdio');

const end = async (code: number): Promise<void> => {
  if (ending) return;
  ending = true;
  const interrupted = interrupt.signal.aborted;
  const told = toolkits
    .filter((toolkit) => interrupted || holdsSessions(toolkit))
    .map((toolkit) => toolkit.close({ drainMs: 0 }));
  const patience = new Promise((resolve) => setTimeout(resolve, interrupted ? CANCEL_GRACE_MS : GOODBYE_MS));
  if (told.length > 0) await Promise.race([Promise.allSettled(told), patience]);
  await Promise.race([written(), new Promise((resolve) => setTimeout(resolve, WRITING_MS))]);
  // Where a file could not be written, that is told when its promises have settled.
  await new Promise((resolve) => setImmediate(resolve));
  const giveUpAt = performance.now() + WRITING_MS;
  while (signalled !== undefined && waitsForFiles() && performance.now() < giveUpAt) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  release();
  leave(code);
};

/** A file system that does not answer would hold `process.exit`. */
const waitsForFiles = (): boolean => process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));

/** Ends the process. What a signal does by itself, nothing holds. */
const leave = (code: number): void => {
  restoreTerminal();
  if (signalled !== undefined && waitsForFiles()) {
    process.removeAllListeners(signalled);
    process.kill(process.pid, signalled);
  }
  process.exit(code);
};

const outputLost = (error: NodeJS.ErrnoException): void => {
  const isFailure = !hasReaderLeft(error);
  if (isFailure && !ending) process.stderr.write(`toolway: cannot write the output: ${error.message}\n`);
  void end(isFailure ? EXIT.internal : EXIT.done);
};

const sinkOf = (stream: NodeJS.WriteStream, lost: (error: Error) => void): Sink => ({
  write: (chunk) =>
    new Promise((resolve) => {
      stream.write(chunk, (error) => {
        // Before whoever waits for it goes on, and ends well.
        if (error) lost(error);
        resolve();
      });
    }),
  get isTty() {
    return stream.isTTY === true;
  },
  get columns() {
    return stream.columns || undefined;
  },
});

process.stderr.on('error', () => {});
process.stdout.on('error', (error) => outputLost(error));

const SIGNALS = { SIGINT: EXIT.cancelled, SIGTERM: 143, SIGHUP: 129 } as const;
for (const [signal, code] of Object.entries(SIGNALS) as [keyof typeof SIGNALS, number][]) {
  process.on(signal, () => {
    signalled = signal;
    if (interrupt.signal.aborted) leave(code);
    interrupt.abort();
    setTimeout(() => void end(code), graceMs);
  });
}

const readStdin = async (): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};

const openTerminal = async (): Promise<Terminal> => {
  const { createTerminal } = await import('./terminal.ts');
  const terminal = createTerminal(process.stdin, process.stderr, { dumb: process.env.TERM === 'dumb' });
  restoreTerminal = terminal.restore;
  process.on('exit', terminal.restore);
  return terminal;
};

/** It may be gone, and the shell still be in it. */
const workingFolder = (): string => {
  try {
    return process.cwd();
  } catch (error) {
    process.stderr.write(`toolway: the working directory cannot be used: ${(error as Error).message}\n`);
    process.exit(EXIT.usage);
  }
};

const context: CliContext = {
  stdout: sinkOf(process.stdout, outputLost),
  stderr: sinkOf(process.stderr, () => {}),
  stdin: readStdin,
  bytes: () => process.stdin,
  async *lines() {
    const { createInterface } = await import('node:readline');
    yield* createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  },
  // Asking the streams themselves would make them.
  get terminal() {
    const { isatty } = process.getBuiltinModule('node:tty');
    return isatty(0) && isatty(2) ? openTerminal : undefined;
  },
  openUrl: async (url) => (await import('./open-url.ts')).openUrl(url),
  env: process.env,
  cwd: workingFolder(),
  version: VERSION,
  signal: interrupt.signal,
  grace(ms) {
    graceMs = ms;
  },
  async toolkit(options) {
    const [{ createToolkit, releaseChildren }, { filesWritten }] = await Promise.all([
      import('../node/index.ts'),
      import('../node/runtime.ts'),
    ]);
    release = releaseChildren;
    written = filesWritten;
    const toolkit = await createToolkit(options);
    toolkits.push(toolkit);
    return toolkit;
  },
};

await end(await runCli(process.argv.slice(2), context));
