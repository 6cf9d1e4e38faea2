/** The official conformance suite, run against the built client: everything that a revision requires, at that revision's wire. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { nodeBinary, testTool } from '../../scripts/test-tools.js';

interface Check {
  name: string;
  status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Runs the suite and gives its exit code, what it printed, and the checks of each scenario. */
const runSuite = async (revision: string) => {
  const results = await mkdtemp(join(tmpdir(), 'toolway-conformance-'));
  try {
    const suite = testTool('@modelcontextprotocol/conformance/dist/index.js');
    const child = spawn(nodeBinary(24), [
      ...[suite, 'client', '--requirements', revision, '--expected-failures', here('baseline.yml')],
      ...['--command', `${process.execPath} ${here('client.js')}`, '--output-dir', results, '--timeout', '120000'],
    ]);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    const exitCode = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    const checks = new Map<string, Check[]>();
    for (const folder of await readdir(results, { recursive: true })) {
      const scenario = /^(.+)-\d{4}-\d\d-\d\dT[^/]+$/.exec(folder)?.[1];
      if (scenario === undefined) continue;
      checks.set(scenario, JSON.parse(await readFile(join(results, folder, 'checks.json'), 'utf8')));
    }
    return { exitCode, output, checks };
  } finally {
    await rm(results, { recursive: true, force: true });
  }
};

const statuses = (checks: Check[] | undefined, status: Check['status']): string[] =>
  (checks ?? []).filter((check) => check.status === status).map(({ name }) => name);

/** What each revision asks of a client apart from authorization, and how many of its checks pass. */
const SCENARIOS = {
  '2025-11-25': {
    initialize: 1,
    tools_call: 2,
    'elicitation-sep1034-client-defaults': 5,
    'sse-retry': 3,
    'json-schema-2020-12-preservation': 9,
  },
  '2026-07-28': {
    tools_call: 2,
    'request-metadata': 8,
    'sep-2322-client-request-state': 5,
    'http-standard-headers': 10,
    'http-custom-headers': 18,
    'http-invalid-tool-headers': 12,
    'json-schema-ref-no-deref': 1,
    'json-schema-2020-12-preservation': 9,
  },
} satisfies Record<string, Record<string, number>>;

describe.each(Object.entries(SCENARIOS))('the conformance suite of %s', (revision, scenarios) => {
  test('finds nothing that is not in the baseline', { timeout: 240_000 }, async () => {
    const { exitCode, output, checks } = await runSuite(revision);
    console.log(output.slice(output.indexOf('=== SUITE SUMMARY ===')));
    expect(exitCode, output).toBe(0);
    for (const [scenario, passed] of Object.entries(scenarios)) {
      const found = checks.get(scenario);
      expect({ scenario, passed: statuses(found, 'SUCCESS').length }).toEqual({ scenario, passed });
      expect([...statuses(found, 'FAILURE'), ...statuses(found, 'WARNING')], scenario).toEqual([]);
    }
  });
});
