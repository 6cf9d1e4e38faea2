// What Linux knows of a process: processor time and memory, of a program that is not ours as well as of one that is.
import { readdirSync, readFileSync } from 'node:fs';

/** Of `sysconf(_SC_CLK_TCK)`, which is 100 on every Linux that Node runs on. */
const TICK_MS = 10;

/** The fields behind the name, which may hold anything. */
const statOf = (pid) => {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

/** Processor time that a process has used, of itself and of the kernel for it. */
export const cpuMsOf = (pid) => {
  const stat = statOf(pid);
  return (Number(stat[11]) + Number(stat[12])) * TICK_MS;
};

/** Resident memory in MiB. */
export const rssOf = (pid) =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024;

/** A value of a process, or the other where it is gone by now. */
const orElse = (read, otherwise) => {
  try {
    return read();
  } catch {
    return otherwise;
  }
};

/** All processes below one. */
const descendantsOf = (pid) => {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parents = pids.map((each) => [Number(each), Number(orElse(() => statOf(each)[1], 0))]);
  const below = (parent) => parents.filter(([, of]) => of === parent).flatMap(([each]) => [each, ...below(each)]);
  return below(pid);
};

/** Resident memory of all processes below one, in MiB; what they share is counted for each. */
export const childrenRssOf = (pid) => descendantsOf(pid).reduce((sum, each) => sum + orElse(() => rssOf(each), 0), 0);
