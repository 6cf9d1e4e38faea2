import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { memoryIn, memoryOf, processesIn } from './process-memory.ts';

const entry = (pid: number, parent: number, group: number, mib: number) => ({ pid, parent, group, bytes: () => mib });

test('a process has its own memory, that of its group, and that of all that these have started', () => {
  const all = [
    entry(1, 0, 1, 1_000),
    entry(10, 1, 10, 1),
    entry(11, 10, 10, 2),
    // It left the group, and then its parent.
    entry(12, 11, 12, 4),
    entry(13, 1, 10, 8),
    entry(14, 13, 14, 16),
    entry(20, 1, 20, 32),
    entry(21, 20, 21, 64),
  ];
  expect([...memoryIn(all, [10, 20])]).toEqual([
    [10, 31],
    [20, 96],
  ]);
  expect([...memoryIn(all.reverse(), [10, 30])]).toEqual([[10, 31]]);
});

test('parents that go round in a circle belong to nobody', () => {
  expect([...memoryIn([entry(2, 3, 2, 1), entry(3, 2, 3, 1)], [9])]).toEqual([]);
});

test('what ps prints is read line by line, and what is no line of it is not', () => {
  const [one, ...others] = processesIn('  10     1    10   2048\n\n  x y z w\n  11 10\n');
  expect([one?.pid, one?.parent, one?.group, one?.bytes(), others]).toEqual([10, 1, 10, 2_097_152, []]);
});

test('the memory of real processes is told, and of those that have gone nothing', async () => {
  const script =
    "const kept = Buffer.alloc(64 * 2 ** 20, 'x'); console.log(kept.length); setInterval(() => kept, 1e6);";
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  const bytes = (await memoryOf([pid]))?.get(pid) ?? 0;
  expect(bytes / 2 ** 20).toBeGreaterThan(64);
  expect(bytes / 2 ** 20).toBeLessThan(400);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect((await memoryOf([pid]))?.has(pid)).toBe(false);
});
