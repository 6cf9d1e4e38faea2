/**
 * The official conformance suite, run against the built client and the built gateway: everything that a revision requires,
 * at that revision's wire. One run at a time, since the suite's own servers take ports from each other.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BEYOND, MAY_WARN, REQUIRED } from './gateway-scenarios.ts';
import { found, here, runSuite } from './suite.ts';

const ARGUMENTS = [
  ...['--expected-failures', here('baseline.yml'), '--timeout', '120000'],
  ...['--command', `${process.execPath} ${here('client.js')}`],
];

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
    const { exitCode, output, checks } = await runSuite('client', revision, ...ARGUMENTS);
    console.log(output.slice(output.indexOf('=== SUITE SUMMARY ===')));
    expect(exitCode, output).toBe(0);
    for (const [scenario, passed] of Object.entries(scenarios)) {
      const all = checks.get(scenario);
      expect({ scenario, passed: found(all, 'SUCCESS').length }).toEqual({ scenario, passed });
      expect(found(all, 'FAILURE', 'WARNING'), scenario).toEqual([]);
    }
  });
});

describe('the gateway', () => {
  let gateway: ChildProcess;
  let url: string;

  beforeAll(async () => {
    gateway = spawn(process.execPath, [here('gateway.js'), '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of gateway.stdout ?? []) {
      url = String(line).trim();
      break;
    }
  }, 30_000);
  afterAll(async () => {
    gateway.kill();
    await once(gateway, 'exit');
  });

  test.each(Object.entries(REQUIRED))(
    'is found in order by the suite of %s',
    { timeout: 240_000 },
    async (revision, required) => {
      const { exitCode, output, checks } = await runSuite('server', revision, '--url', url);
      console.log(output.slice(output.indexOf('=== SUMMARY ===')));
      expect(exitCode, output).toBe(0);
      const all: Record<string, number> = { ...required, ...BEYOND[revision as keyof typeof REQUIRED] };
      for (const [scenario, passed] of Object.entries(all)) {
        const results = checks.get(scenario);
        const odd = found(results, 'FAILURE', 'WARNING').filter(({ id }) => !MAY_WARN.has(id));
        expect({ scenario, odd }).toEqual({ scenario, odd: [] });
        const isComplete = found(results, 'SUCCESS').length >= passed;
        expect({ scenario, isComplete }).toEqual({ scenario, isComplete: true });
      }
    },
  );
});
