/** `toolway batch` as a process that is killed at any moment, on a server whose tools take effect. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { folder } from '../fixtures/cli/world.ts';
import { LONG, times } from '../fixtures/long.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const server = fileURLToPath(new URL('../fixtures/cli/effects.js', import.meta.url));
const CALLS = times(10_000, 600);
const KILLS = times(10, 3);
const CONCURRENCY = 8;
/** A result is not shorter. */
const LEAST_LINE_BYTES = 170;

const linesOf = (path: string): string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test(
  `${CALLS} calls, killed ${KILLS} times: each line has one result, and no unsafe tool ran twice`,
  async () => {
    const seed = Number(process.env.TOOLWAY_SEED ?? Math.floor(Math.random() * 1e9));
    console.log(`batch  seed ${seed}`);
    const random = randomOf(seed);
    const cwd = folder();
    const at = (name: string): string => join(cwd, name);
    const [input, out, effects, config] = ['in.jsonl', 'out.jsonl', 'effects', 'c.json'].map(at) as [
      string,
      string,
      string,
      string,
    ];
    const mcpServers = {
      s: { command: process.execPath, args: [server], env: { EFFECTS: effects }, retrySafe: ['look'] },
    };
    writeFileSync(config, JSON.stringify({ mcpServers }));
    const toolOf = (line: number): string => (line % 3 === 0 ? 'look' : 'charge');
    const calls = Array.from({ length: CALLS }, (_, index) => ({
      name: `s.${toolOf(index + 1)}`,
      id: `call-${index + 1}`,
      arguments: { key: String(index + 1), delayMs: Math.floor(random() * 4) },
    }));
    writeFileSync(input, calls.map((call) => `${JSON.stringify(call)}\n`).join(''));

    const argv = [
      main,
      'batch',
      input,
      '--config',
      config,
      '--out',
      out,
      '--resume',
      '--concurrency',
      `${CONCURRENCY}`,
    ];
    const start = () => spawn(process.execPath, [...argv, '--quiet'], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    const sizeNow = (): number => (existsSync(out) ? statSync(out).size : 0);
    let interrupted = 0;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const child = start();
      const ended = once(child, 'exit');
      // Somewhere in this run's share of the work; the first perhaps before there is any.
      const share = (CALLS / (KILLS + 1)) * LEAST_LINE_BYTES;
      const target = kill === 1 ? 0 : (kill - 1 + random()) * share;
      while (sizeNow() < target && child.exitCode === null) await pause(2);
      await pause(random() * 60);
      if (child.kill('SIGKILL')) interrupted += 1;
      await ended;
    }
    expect(interrupted).toBe(KILLS);
    const unfinished = linesOf(out).length;
    const last = start();
    let said = '';
    last.stderr.on('data', (chunk) => {
      said += chunk;
    });
    const [code] = await once(last, 'exit');
    expect(said).toBe('');

    const results = linesOf(out).map((line) => JSON.parse(line) as { line: number; id: string; outcome: string });
    expect(results.map(({ line }) => line).sort((a, b) => a - b)).toEqual(calls.map((_, index) => index + 1));
    expect(results.every(({ line, id }) => id === `call-${line}`)).toBe(true);
    const unknown = results.filter(({ outcome }) => outcome === 'outcome_unknown');
    expect(results.filter(({ outcome }) => outcome === 'done')).toHaveLength(CALLS - unknown.length);
    expect(unknown.every(({ line }) => toolOf(line) === 'charge')).toBe(true);
    expect(unknown.length).toBeLessThanOrEqual(KILLS * CONCURRENCY);
    expect(code).toBe(unknown.length > 0 ? 8 : 0);

    const runs = new Map<string, number>();
    for (const effect of linesOf(effects)) runs.set(effect, (runs.get(effect) ?? 0) + 1);
    expect([...runs].filter(([effect, count]) => effect.startsWith('charge') && count > 1)).toEqual([]);
    for (const { line, outcome } of results)
      if (outcome === 'done') expect(runs.get(`${toolOf(line)} ${line}`)).toBeGreaterThan(0);
    const twice = [...runs.values()].filter((count) => count > 1).length;
    console.log(
      `batch  ${CALLS} calls, ${KILLS} kills, the last with ${CALLS - unfinished} calls to go: ` +
        `${unknown.length} unknown, ${twice} safe ones ran again, exit ${code}`,
    );
  },
  LONG ? 600_000 : 60_000,
);

/** Mulberry32: the same numbers for the same seed. */
const randomOf = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};
