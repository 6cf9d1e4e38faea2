/** How much memory processes have in use, each together with all that it started: from `/proc` on Linux, from `ps` elsewhere. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** In bytes; asked for only where it counts. */
  bytes(): number;
}

/** So many files are read in one turn of the event loop: about a millisecond. */
const FILES_PER_TURN = 32;
const PS_TIMEOUT_MS = 5_000;

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It has gone meanwhile, or is somebody else's.
    return '';
  }
};

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1_024;

const fromProc = async (): Promise<Process[]> => {
  const processes: Process[] = [];
  let count = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    count += 1;
    if (count % FILES_PER_TURN === 0) await turn();
    const stat = read(`/proc/${name}/stat`);
    // The name of the program stands in parentheses and may itself hold some: `1 (sh) S <ppid> <pgrp> …`
    const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const pid = Number(name);
    if (group !== undefined)
      processes.push({ pid, parent: Number(parent), group: Number(group), bytes: () => residentBytes(pid) });
  }
  return processes;
};

const fromPs = (): Promise<Process[]> =>
  new Promise((resolve, reject) => {
    const limits = { timeout: PS_TIMEOUT_MS, maxBuffer: 16 * 1_048_576, windowsHide: true };
    execFile('ps', ['-A', '-o', 'pid=,ppid=,pgid=,rss='], limits, (error, printed) => {
      if (error !== null) reject(error);
      else resolve(processesIn(printed));
    });
  });

/** Reads what `ps` prints: pid, parent, group and KiB, a line for each. */
export const processesIn = (printed: string): Process[] =>
  printed.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/).map(Number);
    const [pid, parent, group, kib] = fields;
    if (pid === undefined || parent === undefined || group === undefined || kib === undefined) return [];
    return fields.some(Number.isNaN) ? [] : [{ pid, parent, group, bytes: () => kib * 1_024 }];
  });

/** Adds up what each leader has: itself, its process group, and all descendants of these. */
export const memoryIn = (processes: readonly Process[], leaders: readonly number[]): Map<number, number> => {
  const wanted = new Set(leaders);
  const byPid = new Map(processes.map((process) => [process.pid, process]));
  const owners = new Map<number, number | undefined>();
  /** The leader that a process belongs to; parents are asked first, and a circle of them has none. */
  const ownerOf = (process: Process | undefined): number | undefined => {
    if (process === undefined) return undefined;
    const { pid, group, parent } = process;
    if (owners.has(pid)) return owners.get(pid);
    owners.set(pid, undefined);
    const owner = [pid, group].find((each) => wanted.has(each)) ?? ownerOf(byPid.get(parent));
    owners.set(pid, owner);
    return owner;
  };
  const sums = new Map<number, number>();
  for (const process of processes) {
    const owner = ownerOf(process);
    if (owner !== undefined) sums.set(owner, (sums.get(owner) ?? 0) + process.bytes());
  }
  return sums;
};

/** The memory of each leader's processes, in bytes; undefined where it cannot be told. One that has gone is not in it. */
export const memoryOf = async (leaders: readonly number[]): Promise<Map<number, number> | undefined> => {
  if (process.platform === 'win32') return undefined;
  return memoryIn(await (process.platform === 'linux' ? fromProc() : fromPs()), leaders);
};
