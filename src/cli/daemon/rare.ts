/** What a line that goes to the daemon seldom needs: starting it, opening a page, and saying that it was lost. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ToolwayError } from '../../errors.ts';
import { childEnvironment } from '../../node/child-env.ts';
import { makeFolder } from '../../node/make-folder.ts';
import type { Line } from '../args.ts';
import { openUrl } from '../open-url.ts';
import { createOutput } from '../output.ts';
import { reportFailure } from '../report.ts';
import { type Reached, reach } from './connect.ts';
import { isOwn, OF_THE_PROCESS, type Place } from './place.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Until the daemon listens. */
const START_MS = 5_000;
const POLL_MS = 15;
/** Whoever starts it for longer than this was killed. */
const STALE_MS = 10_000;
const MAX_LOG_BYTES = 256 * 1024;

/** Where the daemon keeps things; with what is of the process that is all that it is given: the lines bring the rest. */
const FOLDERS = ['TOOLWAY_STATE_DIR', 'XDG_CACHE_HOME', 'XDG_RUNTIME_DIR', 'XDG_STATE_HOME'];

const daemonEnvironment = (env: Env): Record<string, string> => ({
  ...childEnvironment({}, env),
  ...Object.fromEntries(
    [...OF_THE_PROCESS, ...FOLDERS].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  ),
});

/** True for the one that is to start it; what a killed one left behind is in the way for ten seconds at most. */
const isFirst = (file: string): boolean => {
  for (;;) {
    try {
      closeSync(openSync(file, 'wx', 0o600));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const found = statSync(file, { throwIfNoEntry: false });
      if (found !== undefined && Date.now() - found.mtimeMs < STALE_MS) return false;
      rmSync(file, { force: true });
    }
  }
};

/** The file, emptied where it has grown. */
const openLog = (path: string): number => {
  const grown = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES;
  return openSync(path, grown ? 'w' : 'a', 0o600);
};

const launch = async (place: Place, program: string, env: Env): Promise<{ ended(): string | undefined }> => {
  await makeFolder(dirname(place.log), { mode: 0o700 });
  const log = openLog(place.log);
  let ended: string | undefined;
  const daemon = spawn(process.execPath, [program, 'daemon'], {
    cwd: place.folder,
    env: daemonEnvironment(env),
    detached: true,
    windowsHide: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  daemon.on('error', ({ message }) => {
    ended = message;
  });
  daemon.on('exit', (code, signal) => {
    ended = `the daemon ended with ${code ?? signal}; see ${place.log}`;
  });
  daemon.unref();
  return { ended: () => ended };
};

/** Starts the daemon, unless somebody else is about to, and waits until it listens. Never throws. */
export const startDaemon = async (place: Place, program: string, env: Env): Promise<Reached> => {
  let mine = false;
  try {
    await makeFolder(place.folder, { mode: 0o700 });
    isOwn(place.folder);
    mine = isFirst(place.starting);
    const started = mine ? await launch(place, program, env) : undefined;
    const endsAt = performance.now() + START_MS;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const reached = await reach(place, 'line');
      if ('socket' in reached) return reached;
      const why = started?.ended();
      if (why !== undefined) return { absent: true, why };
      if (performance.now() > endsAt)
        return { absent: true, why: `the daemon did not start within ${START_MS} ms: ${reached.why}` };
    }
  } catch (error) {
    return { absent: false, why: (error as Error).message };
  } finally {
    if (mine) rmSync(place.starting, { force: true });
  }
};

/** Opens a page where the person sits. Gives what went wrong. */
export const openFor = (url: string): Promise<string | undefined> =>
  openUrl(url).then(
    () => undefined,
    (error: unknown) => (error as Error).message,
  );

/** Says that the daemon was lost after the line was sent, and gives the exit code. */
export const tellLost = ({ name, options }: Line): Promise<number> => {
  const sinkOf = (stream: NodeJS.WriteStream) => ({
    write: (chunk: string | Uint8Array) => new Promise<void>((resolve) => void stream.write(chunk, () => resolve())),
    isTty: stream.isTTY === true,
  });
  const { stdout, stderr, env } = process;
  const output = createOutput({ stdout: sinkOf(stdout), stderr: sinkOf(stderr), env }, options);
  const error =
    name === 'call'
      ? new ToolwayError('outcome_unknown', 'the daemon was lost; nobody knows whether the tool ran', {
          executed: 'unknown',
        })
      : new ToolwayError('closed', 'the daemon was lost before it answered');
  return reportFailure(error, output);
};
