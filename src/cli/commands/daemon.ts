/** `toolway daemon`: keeps servers started between lines. */
import { readdirSync } from 'node:fs';
import { ToolwayError } from '../../errors.ts';
import { createLaunchedToolkit } from '../../node/launched-toolkit.ts';
import { filesWritten } from '../../node/runtime.ts';
import type { Job, Run } from '../command.ts';
import { reach } from '../daemon/connect.ts';
import { FRAME } from '../daemon/frames.ts';
import { createKeptToolkits } from '../daemon/kept.ts';
import { daemonFolder, type Place, placeNamed, placeOf } from '../daemon/place.ts';
import { startDaemon } from '../daemon/rare.ts';
import type { DaemonReport } from '../daemon/report.ts';
import { startListening } from '../daemon/server.ts';
import { EXIT } from '../exit-codes.ts';
import { stateName } from '../rows.ts';
import { safeLine } from '../safe-text.ts';

/** How long a server is kept that no line uses, and the daemon itself. */
const IDLE_MS = 600_000;
/** Lines under way, and what is cancelled after them. */
const GRACE_MS = 8_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const run: Run = (job) => {
  const [what = 'run'] = job.args;
  const does = { run: serve, start, status, stop }[what];
  if (does !== undefined) return does(job);
  throw new ToolwayError('invalid_arguments', `daemon is start, status or stop, not ${JSON.stringify(what)}`, {
    executed: 'no',
  });
};

const program = (): string => process.argv[1] ?? '';

const idleOf = ({ options, context }: Job): number => {
  const given = options.value('idle-timeout') ?? context.env.TOOLWAY_IDLE_TIMEOUT_MS;
  if (given === undefined || given === '') return IDLE_MS;
  const idleMs = Number(given);
  if (given.trim() !== '' && idleMs > 0 && idleMs <= LONGEST_TIMER_MS) return idleMs;
  const wrong = JSON.stringify(given);
  throw new ToolwayError('invalid_arguments', `--idle-timeout must be a number of milliseconds above 0, not ${wrong}`, {
    executed: 'no',
  });
};

/** Listens until nobody needs it, or a signal ends it. */
const serve = async (job: Job): Promise<number> => {
  const { context, line, output } = job;
  const idleMs = idleOf(job);
  context.grace?.(GRACE_MS);
  const kept = createKeptToolkits({ create: createLaunchedToolkit, idleMs, closed: () => daemon?.look() });
  const place = placeOf(context.env, program());
  const daemon = await startListening({
    place,
    version: context.version,
    kept,
    idleMs,
    runLine: line.run,
  });
  if (daemon === undefined) {
    await output.note('toolway: a daemon is there already');
    return EXIT.done;
  }
  await output.note(`toolway: the daemon is there (pid ${process.pid})`);
  const { signal } = context;
  await Promise.race([
    daemon.over,
    new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })),
  ]);
  await daemon.close();
  await filesWritten();
  return EXIT.done;
};

const start = async ({ context, output }: Job): Promise<number> => {
  const place = placeOf(context.env, program());
  const there = await reach(place, 'line');
  const reached = 'why' in there && there.absent ? await startDaemon(place, program(), context.env) : there;
  if ('why' in reached) throw new ToolwayError('connect_failed', reached.why, { executed: 'no' });
  reached.socket.destroy();
  if (output.json) await output.document({ pid: reached.pid });
  else await output.print(`the daemon is there (pid ${reached.pid})`);
  return EXIT.done;
};

/** The places of the user's daemons: of this version and of others. */
const places = ({ context: { env } }: Job): Place[] => {
  const folder = daemonFolder(env);
  let files: string[] = [];
  try {
    files = readdirSync(folder);
  } catch {
    // There has not been one yet.
  }
  const names = files.flatMap((file) => /^([0-9a-f]{16})\.token$/.exec(file)?.[1] ?? []);
  return names.map((name) => placeNamed(name, folder, env));
};

/** Asks every daemon; those that are not there any more say nothing, and of those that do not answer it is told why. */
const askAll = async (job: Job, want: 'status' | 'stop'): Promise<DaemonReport[]> => {
  const reports = places(job).map(async (place): Promise<DaemonReport[]> => {
    const reached = await reach(place, want);
    if ('why' in reached) {
      if (!reached.absent) await job.output.note(safeLine(`toolway: ${place.socket}: ${reached.why}`));
      return [];
    }
    const { pid, listen } = reached;
    return new Promise((resolve) => {
      let said: DaemonReport[] = want === 'stop' ? [{ pid } as DaemonReport] : [];
      listen({
        frame({ kind, body }) {
          if (kind === FRAME.report) said = [JSON.parse(body.toString()) as DaemonReport];
        },
        closed: () => resolve(said),
      });
    });
  });
  return (await Promise.all(reports)).flat();
};

const status = async (job: Job): Promise<number> => {
  const { output } = job;
  const reports = await askAll(job, 'status');
  if (output.json) {
    await output.document({ daemons: reports });
    return EXIT.done;
  }
  const { style } = output;
  for (const { pid, version, since, lines, toolkits } of reports) {
    const facts = [`version ${version}`, `since ${new Date(since).toISOString()}`, `${lines} lines under way`];
    await output.print(`${style.bold(`pid ${pid}`)}  ${style.dim(safeLine(facts.join(' · ')))}`);
    for (const { cwd, usedAt, servers } of toolkits) {
      await output.print(`  ${safeLine(cwd)}  ${style.dim(`last used ${new Date(usedAt).toISOString()}`)}`);
      for (const { name, state, pid: child } of servers) {
        const about = child === undefined ? '' : `  ${style.dim(`pid ${child}`)}`;
        await output.print(`    ${style.bold(safeLine(name))}  ${stateName(state, style)}${about}`);
      }
    }
  }
  if (reports.length === 0) await output.note('There is no daemon.');
  return EXIT.done;
};

const stop = async (job: Job): Promise<number> => {
  const { output } = job;
  const stopped = await askAll(job, 'stop');
  if (output.json) await output.document({ stopped: stopped.map(({ pid }) => pid) });
  else if (stopped.length === 0) await output.note('There is no daemon.');
  else for (const { pid } of stopped) await output.print(`the daemon has ended (pid ${pid})`);
  return EXIT.done;
};
