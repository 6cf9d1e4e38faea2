/** Process groups: a server and everything it started, as far as it did not leave on its own. */
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';

const WINDOWS = process.platform === 'win32';
/** From this pause between two looks on, it pays to find out whether what is left are zombies. */
const PATIENCE_MS = 160;

/** How long a server may take over each step of its end, in milliseconds. */
export interface EndWaits {
  /** After its stdin was closed. */
  eofMs: number;
  /** After SIGTERM. */
  termMs: number;
  /** After SIGKILL; a process that the kernel does not let die is given up. */
  killMs: number;
}

/** 4.6 s altogether: `close()` promises 5. */
export const DEFAULT_END_WAITS: EndWaits = { eofMs: 2000, termMs: 2000, killMs: 600 };

const signalGroup = (leader: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(-leader, signal);
    return true;
  } catch {
    // Nobody there (ESRCH), or nobody whom we may signal (EPERM; on macOS: only zombies).
    return false;
  }
};

/** Zombies stay in their group until someone reaps them, and in a container the process that should may never do so. */
const hasOnlyZombies = async (leader: number): Promise<boolean> => {
  if (process.platform !== 'linux') return false;
  const group = String(leader);
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    // The name of the program stands in parentheses and may itself hold some: `1 (sh) S <ppid> <pgrp> …`
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (pgrp === group && state !== 'Z' && state !== 'X') return false;
  }
  return true;
};

const settledWithin = (promise: Promise<void>, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });

/** Resolves true as soon as nothing of the group lives any more, false when that took longer than `ms`. */
const goneWithin = async (leader: number, exited: Promise<void>, ms: number): Promise<boolean> => {
  const until = performance.now() + ms;
  await settledWithin(exited, ms);
  for (let pauseMs = 5; ; pauseMs = Math.min(2 * pauseMs, PATIENCE_MS)) {
    if (!signalGroup(leader, 0)) return true;
    const leftMs = until - performance.now();
    if ((pauseMs === PATIENCE_MS || leftMs <= 0) && (await hasOnlyZombies(leader))) return true;
    if (leftMs <= 0) return false;
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, leftMs)));
  }
};

/** `taskkill` is the only way to reach a whole tree on Windows. */
const killTree = (leader: number): Promise<void> =>
  new Promise((resolve) => {
    const killer = spawn('taskkill', ['/PID', String(leader), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
    killer.once('error', () => resolve());
    killer.once('exit', () => resolve());
  });

/** Ends a process group without a word. */
export const killGroup = (leader: number): void => {
  if (WINDOWS) void killTree(leader);
  else signalGroup(leader, 'SIGKILL');
};

/**
 * Sees a process group off after its stdin was closed: waits, SIGTERM, waits, SIGKILL (2025-11-25
 * basic/lifecycle#shutdown), and stops as soon as nothing of it lives. `exited` is the exit of the leader; the group
 * may live on without it.
 */
export const endGroup = async (leader: number, exited: Promise<void>, waits: EndWaits): Promise<void> => {
  if (WINDOWS) {
    let running = true;
    void exited.then(() => {
      running = false;
    });
    await settledWithin(exited, waits.eofMs);
    if (running) await settledWithin(killTree(leader), waits.termMs);
    await settledWithin(exited, waits.killMs);
    return;
  }
  if (await goneWithin(leader, exited, waits.eofMs)) return;
  signalGroup(leader, 'SIGTERM');
  if (await goneWithin(leader, exited, waits.termMs)) return;
  signalGroup(leader, 'SIGKILL');
  await goneWithin(leader, exited, waits.killMs);
};
