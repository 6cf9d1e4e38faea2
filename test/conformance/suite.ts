/** Runs of the official conformance suite, which needs a newer Node than we do. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinary, testTool } from '../../scripts/test-tools.js';

export interface Check {
  id: string;
  name: string;
  status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
}

/** A file beside this one. */
export const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Runs the suite and gives its exit code, what it printed, and the checks of each scenario. */
export const runSuite = async (side: 'client' | 'server', revision: string, ...args: string[]) => {
  const results = await mkdtemp(join(tmpdir(), 'toolway-conformance-'));
  try {
    const suite = testTool('@modelcontextprotocol/conformance/dist/index.js');
    const given = [side, '--requirements', revision, ...args, '--output-dir', results];
    const child = spawn(nodeBinary(24), [suite, ...given]);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    const exitCode = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    const checks = new Map<string, Check[]>();
    for (const folder of await readdir(results, { recursive: true })) {
      const named = /^(.+)-\d{4}-\d\d-\d\dT[^/]+$/.exec(folder)?.[1];
      if (named === undefined) continue;
      // Results of scenarios for servers are kept in folders that say so.
      const scenario = side === 'server' ? named.slice('server-'.length) : named;
      checks.set(scenario, JSON.parse(await readFile(join(results, folder, 'checks.json'), 'utf8')));
    }
    return { exitCode, output, checks };
  } finally {
    await rm(results, { recursive: true, force: true });
  }
};

/** What was found with a status. */
export const found = (checks: Check[] | undefined, ...statuses: Check['status'][]): Check[] =>
  (checks ?? []).filter(({ status }) => statuses.includes(status));
