/** MCP over the stdin and stdout of a child process (2025-11-25 and 2026-07-28, basic/transports#stdio). */
import type { ChildProcess } from 'node:child_process';
import { type ErrorFacts, ToolwayError } from '../errors.ts';
import type { JsonRpcMessage, RequestId } from '../protocol/wire.ts';
import { DEFAULT_MAX_MESSAGE_BYTES, type Transport, type TransportLimits } from '../transport/transport.ts';
import { createByteTail } from './byte-tail.ts';
import { childEnvironment } from './child-env.ts';
import { createLineFramer } from './line-framer.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { printable } from './printable.ts';
import { DEFAULT_END_WAITS, type EndWaits, endGroup, killGroup } from './process-group.ts';
import { afterRelease, onRelease } from './release.ts';
import { checkLaunch, spawnFailure } from './spawn-failure.ts';
import { supervisor } from './supervisor.ts';

export interface StdioOptions extends Partial<TransportLimits> {
  /** The program, looked up on PATH; started without a shell. */
  command: string;
  args?: readonly string[];
  /** The declared variables, expanded. Beside them the child sees the safe list of `childEnvironment` only. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** Where the safe list is taken from. Default: `process.env`. */
  inherited?: Readonly<Record<string, string | undefined>>;
  /** For messages. */
  server?: string;
  /** How long the child may take over each step of its end. */
  waits?: Partial<EndWaits>;
}

/** A link to one child process. */
export interface StdioTransport extends Transport {
  readonly kind: 'stdio';
  /** The end of what the child wrote to stderr, at most 64 KiB. */
  stderrTail(): string;
}

const STDERR_BYTES = 64 * 1024;
const QUOTED_STDERR_LINES = 5;
const QUOTED_STDERR_CHARS = 1000;
/** After an exit, the wait for what is still in the pipes: a grandchild may hold them open for ever. */
const DRAIN_MS = 250;
/** So many unusable lines in one chunk cost too much time to read the next one in the same turn of the event loop. */
const NOISY_CHUNK_LINES = 1000;
const SENT = Promise.resolve();

/**
 * A link to a server that is started as a child process, in a process group of its own. `start()` rejects with
 * `invalid_config` or `spawn_failed`; `close()` follows the order of the specification and leaves nothing of the group
 * behind within 5 s.
 */
export const createStdioTransport = (options: StdioOptions): StdioTransport => {
  const { command, args = [], env, cwd, server, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = options;
  const waits: EndWaits = { ...DEFAULT_END_WAITS, ...options.waits };
  let state: 'new' | 'starting' | 'open' | 'closing' | 'ended' = 'new';
  let child: ChildProcess | undefined;
  let outbox: Outbox | undefined;
  let endCause: ToolwayError | undefined;
  let shutdown: Promise<void> | undefined;
  let closed: Promise<void> | undefined;
  let markExited: () => void = () => {};
  const exited = new Promise<void>((resolve) => {
    markExited = resolve;
  });
  const stderr = createByteTail(STDERR_BYTES);

  const fault = (code: ToolwayError['code'], reason: string, facts: ErrorFacts = {}): ToolwayError =>
    new ToolwayError(code, reason, { server, ...facts });
  const whyEnded = (): ToolwayError => (endCause ?? fault('closed', 'the link was closed')).with({ executed: 'no' });

  const framer = createLineFramer({
    maxMessageBytes,
    onmessage(message) {
      try {
        transport.onmessage?.(message);
      } catch (error) {
        transport.onerror?.(ToolwayError.from(error, { server }));
      }
    },
    onnoise: (excerpt) =>
      transport.onerror?.(
        fault('protocol_error', `wrote to stdout what is no MCP message: ${JSON.stringify(excerpt)}`),
      ),
    onoversized: (id, error) => transport.onfail?.(id, error.with({ server })),
    ondropped: (error) => transport.onerror?.(error.with({ server })),
    onbroken(error) {
      end(error.with({ server }));
      void seeOff();
    },
  });

  /** The link is over: whoever waits hears of it. What was not written is known not to have run. */
  const end = (cause?: ToolwayError): void => {
    if (state === 'ended') return;
    state = 'ended';
    endCause = cause;
    framer.stop();
    failUnsent();
    transport.onclose?.(cause);
  };
  const failUnsent = (): void => {
    for (const id of outbox?.giveUp() ?? []) transport.onfail?.(id, whyEnded());
  };
  /** Ends the processes behind the link. */
  const seeOff = (): Promise<void> => {
    shutdown ??= (async () => {
      if (child?.pid === undefined) return;
      outbox?.flush();
      child.stdin?.end();
      failUnsent();
      await endGroup(child.pid, exited, waits);
      supervisor.remove(child.pid);
      letGo();
    })();
    return shutdown;
  };
  /** Closes our ends, which a process outside the group may still share, and keeps nothing that holds this program. */
  let keep = (): void => {};
  const letGo = (): void => {
    keep();
    for (const stream of child?.stdio ?? []) stream?.destroy();
    child?.unref();
  };
  const release = (): void => {
    framer.stop();
    outbox?.flush();
    child?.stdin?.end();
    (child?.stdin as { unref?(): void } | null | undefined)?.unref?.();
    keep();
    child?.stdout?.destroy();
    child?.stderr?.destroy();
    child?.unref();
    shutdown ??= SENT;
    end();
  };

  const exitCause = (code: number | null, signal: NodeJS.Signals | null): ToolwayError => {
    const tail = stderr.text();
    const lines = tail.split(/\r?\n/).filter((line) => line.trim() !== '');
    const quoted = printable(
      lines.slice(-QUOTED_STDERR_LINES).join('\n').slice(-QUOTED_STDERR_CHARS),
      QUOTED_STDERR_CHARS,
    );
    const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
    const facts: ErrorFacts = { exitCode: signal ?? code ?? undefined, stderr: tail };
    return fault('server_exited', quoted === '' ? how : `${how}: ${quoted}`, facts);
  };
  const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
    markExited();
    const settle = (): void => {
      clearTimeout(timer);
      if (state !== 'open') return;
      framer.end();
      end(exitCause(code, signal));
      // Whatever the dead server left behind has nobody to talk to any more.
      waits.eofMs = 0;
      void seeOff();
    };
    // One more look at the pipes: this program itself may have been too busy to read for so long.
    const timer = setTimeout(() => setImmediate(settle), DRAIN_MS);
    child?.once('close', settle);
  };
  /** One direction is gone. Mostly the child is about to exit, which says more; else the link is of no use. */
  const onHalfClosed = (pipe: 'stdin' | 'stdout'): void => {
    if (state !== 'open') return;
    const timer = setTimeout(() => {
      end(fault('protocol_error', `closed its ${pipe} while it was running`));
      void seeOff();
    }, DRAIN_MS);
    void exited.then(() => clearTimeout(timer));
  };

  const attach = (started: ChildProcess): void => {
    const { stdin, stdout } = started;
    if (stdin === null || stdout === null) return;
    outbox = createOutbox(stdin);
    stdin.on('error', () => onHalfClosed('stdin'));
    stdout.on('error', () => onHalfClosed('stdout'));
    stdout.on('end', () => onHalfClosed('stdout'));
    stdout.on('data', (chunk: Buffer) => {
      const before = framer.noise;
      framer.push(chunk);
      if (framer.noise - before < NOISY_CHUNK_LINES) return;
      stdout.pause();
      setImmediate(() => stdout.resume());
    });
    started.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    started.stderr?.on('error', () => {});
    started.once('exit', onExit);
  };

  const start = async (): Promise<void> => {
    if (state !== 'new') throw fault('internal', 'a link can be started only once');
    state = 'starting';
    checkLaunch(command, args, server);
    const variables = childEnvironment(env, options.inherited);
    // Elsewhere it would do nothing but take its time to load.
    const { spawn } = await (process.platform === 'win32' ? import('cross-spawn') : import('node:child_process'));
    if (state !== 'starting') throw whyEnded();
    const failed = async (error: unknown): Promise<ToolwayError> =>
      (await spawnFailure(command, cwd, error)).with({ server, executed: 'no' });
    let started: ChildProcess;
    try {
      started = spawn(command, args, {
        cwd,
        env: variables,
        shell: false,
        detached: process.platform !== 'win32',
        windowsHide: true,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
    } catch (error) {
      throw await failed(error);
    }
    if (started.pid === undefined) {
      throw await failed(await new Promise((resolve) => started.once('error', resolve)));
    }
    child = started;
    state = 'open';
    const leader = started.pid;
    keep = onRelease({ release, kill: () => killGroup(leader) });
    afterRelease(() => supervisor.release());
    supervisor.add(leader, (error) =>
      transport.onerror?.(
        fault('internal', 'its processes may outlive this one: the supervisor did not start', { cause: error }),
      ),
    );
    attach(started);
    // On Windows a missing command shows only after the fact, when the command interpreter gave up.
    started.on('error', (error) => {
      markExited();
      void failed(error).then(end);
    });
  };

  const send = (message: JsonRpcMessage): Promise<void> => {
    const id = 'method' in message && 'id' in message ? message.id : undefined;
    if (state !== 'open' || outbox === undefined) return refuse(id, whyEnded());
    let line: string;
    try {
      line = JSON.stringify(message);
    } catch (error) {
      const reason = `the message cannot be written as JSON: ${error instanceof Error ? error.message : error}`;
      return refuse(id, fault('invalid_arguments', reason, { executed: 'no', cause: error }));
    }
    if (outbox.push(line, id)) return SENT;
    return refuse(id, fault('backpressure', 'the server does not read its stdin', { executed: 'no' }));
  };
  const refuse = (id: RequestId | undefined, error: ToolwayError): Promise<void> => {
    if (id === undefined) return Promise.reject(error);
    process.nextTick(() => transport.onfail?.(id, error));
    return SENT;
  };

  const close = (): Promise<void> => {
    closed ??= (async () => {
      if (state === 'open') state = 'closing';
      framer.stop();
      await seeOff();
      end();
    })();
    return closed;
  };

  const transport: StdioTransport = {
    kind: 'stdio',
    get pid() {
      return child?.pid;
    },
    get noise() {
      return framer.noise;
    },
    stderrTail: () => stderr.text(),
    start,
    send,
    close,
  };
  return transport;
};
