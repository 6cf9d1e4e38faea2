/**
 * One owner at a time for a file that must not have two: a mark beside it says who. A process that was killed leaves its
 * mark; the next one tells by number and start time of the process that it is dead, or, where it cannot look, by the
 * mark not being touched any more.
 */
import { randomUUID } from 'node:crypto';
import { readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { ToolwayError } from '../../errors.ts';
import { runAlone } from '../file-lock.ts';

/** A file that is ours. */
export interface Ownership {
  /** Rejects with `closed` where somebody else has taken the file over. */
  verify(): Promise<void>;
  release(): Promise<void>;
}

export interface OwnerOptions {
  /** How long a mark that nobody touches stands where its owner cannot be looked at. Default 7 000. */
  silenceMs?: number;
  /** How often ours is touched. Default 2 000. */
  touchMs?: number;
}

interface Mark {
  /** Of this owner alone. */
  nonce: string;
  pid: number;
  /** When the process began, as the system counts it; empty where that cannot be told. */
  started: string;
  /** The machine, its latest start and the namespace of process numbers: within one, a number says who is meant. */
  place: string;
  host: string;
}

/** Takes the file at `path`. Rejects with `invalid_config` where a live process has it. */
export const takeOwnership = async (path: string, options: OwnerOptions = {}): Promise<Ownership> => {
  const { silenceMs = 7_000, touchMs = 2_000 } = options;
  const at = `${path}.owner`;
  const mine: Mark = {
    nonce: randomUUID(),
    pid: process.pid,
    started: await startOf(process.pid),
    place: await placeOf(),
    host: hostname(),
  };
  await runAlone(at, async () => {
    const other = await readMark(at);
    if (other !== undefined && (await isAlive(other, mine.place, { at, silenceMs }))) throw taken(path, other);
    await writeFile(at, JSON.stringify(mine), { mode: 0o600 });
  });

  let touchedAt = performance.now();
  let lost = false;
  const look = async (): Promise<void> => {
    lost ||= (await readMark(at))?.nonce !== mine.nonce;
    if (lost) throw new ToolwayError('closed', `${path} was taken over by another process`);
  };
  const touch = async (): Promise<void> => {
    await look();
    await utimes(at, new Date(), new Date());
    touchedAt = performance.now();
  };
  // Where it fails, whoever writes next looks again.
  const touching = setInterval(() => void touch().catch(() => {}), touchMs);
  touching.unref();
  return {
    async verify() {
      // As long as it is touched in time, nobody takes it for abandoned.
      if (lost || performance.now() - touchedAt > 2 * touchMs) await look();
    },
    async release() {
      clearInterval(touching);
      if ((await readMark(at))?.nonce === mine.nonce) await rm(at, { force: true });
    },
  };
};

const taken = (path: string, { pid, host }: Mark): ToolwayError =>
  new ToolwayError('invalid_config', `${path} is in use by process ${pid} on ${JSON.stringify(host)}`);

/** One that cannot be read was not written to its end. */
const readMark = async (at: string): Promise<Mark | undefined> => {
  try {
    const { nonce, pid, started, place, host } = JSON.parse(await readFile(at, 'utf8')) as Mark;
    return Number.isSafeInteger(pid) && pid > 0 ? { nonce, pid, started, place, host: String(host) } : undefined;
  } catch {
    return undefined;
  }
};

const isAlive = async (
  { pid, started, place }: Mark,
  here: string,
  { at, silenceMs }: { at: string; silenceMs: number },
): Promise<boolean> => {
  if (place === here) {
    if (!isRunning(pid)) return false;
    const now = await startOf(pid);
    if (started !== '' && now !== '') return started === now;
  }
  const before = await touchedAt(at);
  await pause(silenceMs);
  return (await touchedAt(at)) !== before;
};

const touchedAt = async (at: string): Promise<number | undefined> => (await stat(at).catch(() => undefined))?.mtimeMs;

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/**
 * When a process began: Linux alone tells it in a file (proc(5), field 22 of `stat`). One that has ended and that its
 * parent has not asked about keeps its number, and holds nothing any more.
 */
const startOf = async (pid: number): Promise<string> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name of the program, in parentheses, may hold anything.
  const [state = '', ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return 'ZX'.includes(state) && state !== '' ? 'ended' : (fields.at(18) ?? '');
};

const placeOf = async (): Promise<string> => {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return JSON.stringify([hostname(), boot.trim(), namespace]);
};
