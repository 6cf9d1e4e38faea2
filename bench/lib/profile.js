// A CPU profile of the measured batch alone, and where its time went.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const SAMPLING_US = 100;
const TOP = 35;

const place = ({ functionName, url, lineNumber }) => {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${basename(dirname(url))}/${basename(url)}:${lineNumber + 1}`;
};

/** Self time by function, longest first, as lines of text. */
export const selfTimes = (profile) => {
  const placeOf = new Map(profile.nodes.map((node) => [node.id, place(node.callFrame)]));
  const times = new Map();
  let total = 0;
  for (const [index, id] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index] ?? 0;
    const where = placeOf.get(id) ?? '?';
    if (where === '(idle)') continue;
    times.set(where, (times.get(where) ?? 0) + delta);
    total += delta;
  }
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, TOP)
    .map(([where, us]) => `${((us / total) * 100).toFixed(1).padStart(6)} %  ${where}`)
    .join('\n');
};

/** Starts a profile; what it returns stops it, writes it to the temporary directory and prints where, on stderr. */
export const startProfile = async (name) => {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLING_US });
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    const path = join(mkdtempSync(join(tmpdir(), 'toolway-bench-')), `${name}.cpuprofile`);
    writeFileSync(path, JSON.stringify(profile));
    process.stderr.write(`${path}\n${selfTimes(profile)}\n`);
  };
};
