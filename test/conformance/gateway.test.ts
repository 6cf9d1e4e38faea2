/** The official conformance suite, run against the built gateway in front of a server of our own: everything that a revision requires. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { found, here, runSuite } from './suite.ts';

/** What each revision requires of a server, and how many of its checks pass. */
const REQUIRED = {
  '2025-11-25': {
    'server-initialize': 3,
    'logging-set-level': 2,
    ping: 2,
    'completion-complete': 2,
    'tools-list': 3,
    'tools-call-simple-text': 2,
    'tools-call-image': 2,
    'tools-call-audio': 2,
    'tools-call-embedded-resource': 2,
    'tools-call-mixed-content': 2,
    'tools-call-with-logging': 2,
    'tools-call-error': 2,
    'tools-call-with-progress': 2,
    'tools-call-sampling': 2,
    'tools-call-elicitation': 2,
    'elicitation-sep1034-defaults': 6,
    'server-sse-multiple-streams': 1,
    'elicitation-sep1330-enums': 6,
    'resources-list': 2,
    'resources-read-text': 2,
    'resources-read-binary': 2,
    'resources-templates-read': 2,
    'resources-subscribe': 2,
    'resources-unsubscribe': 2,
    'prompts-list': 2,
    'prompts-get-simple': 2,
    'prompts-get-with-args': 2,
    'prompts-get-embedded-resource': 2,
    'prompts-get-with-image': 2,
    'dns-rebinding-protection': 2,
  },
  '2026-07-28': {
    'server-stateless': 29,
    'completion-complete': 2,
    'tools-list': 4,
    'tools-call-simple-text': 2,
    'tools-call-image': 2,
    'tools-call-audio': 2,
    'tools-call-embedded-resource': 2,
    'tools-call-mixed-content': 2,
    'tools-call-error': 2,
    'tools-call-with-progress': 2,
    'server-sse-multiple-streams': 1,
    'resources-list': 2,
    'resources-read-text': 2,
    'resources-read-binary': 2,
    'resources-templates-read': 2,
    'sep-2164-resource-not-found': 4,
    'prompts-list': 2,
    'prompts-get-simple': 2,
    'prompts-get-with-args': 2,
    'prompts-get-embedded-resource': 2,
    'prompts-get-with-image': 2,
    'dns-rebinding-protection': 2,
    caching: 8,
    'input-required-result-basic-elicitation': 3,
    'input-required-result-basic-sampling': 3,
    'input-required-result-basic-list-roots': 3,
    'input-required-result-request-state': 3,
    'input-required-result-multiple-input-requests': 3,
    'input-required-result-multi-round': 4,
    'input-required-result-missing-input-response': 2,
    'input-required-result-non-tool-request': 3,
    'input-required-result-result-type': 2,
    'input-required-result-unsupported-methods': 2,
    'input-required-result-tampered-state': 2,
    'input-required-result-capability-check': 2,
    'input-required-result-ignore-extra-params': 2,
    'input-required-result-validate-input': 3,
  },
} satisfies Record<string, Record<string, number>>;

/** What the suite runs beside that, for tasks and header checks; it does not count for a revision, but for us it does. */
const BEYOND: Record<keyof typeof REQUIRED, Record<string, number>> = {
  '2025-11-25': { 'json-schema-2020-12': 8, 'server-session-lifecycle': 3 },
  '2026-07-28': {
    'http-custom-header-server-validation': 10,
    'http-header-validation': 14,
    'json-schema-2020-12': 8,
    'tasks-capability-negotiation': 5,
    'tasks-dispatch-and-envelope': 9,
    'tasks-lifecycle': 9,
    'tasks-mrtr-composition': 2,
    'tasks-mrtr-input': 4,
    'tasks-request-headers': 5,
    'tasks-request-state-removal': 3,
    'tasks-wire-fields': 4,
  },
};

/**
 * Warnings that may come. The scenario changes the list of tools three times within seconds; a toolkit reads one list no
 * more often than every five, and the gateway announces a change when what is new can be listed.
 */
const MAY_WARN = new Set(['sep-2575-server-sends-tools-list-changed-on-subscription']);

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

describe.each(Object.entries(REQUIRED))('the conformance suite of %s', (revision, required) => {
  test('finds nothing wrong with the gateway', { timeout: 240_000 }, async () => {
    const { exitCode, output, checks } = await runSuite('server', revision, '--url', url);
    console.log(output.slice(output.indexOf('=== SUMMARY ===')));
    expect(exitCode, output).toBe(0);
    const all: Record<string, number> = { ...required, ...BEYOND[revision as keyof typeof REQUIRED] };
    for (const [scenario, passed] of Object.entries(all)) {
      const results = checks.get(scenario);
      const odd = found(results, 'FAILURE', 'WARNING').filter(({ id }) => !MAY_WARN.has(id));
      expect({ scenario, odd }).toEqual({ scenario, odd: [] });
      expect({ scenario, isComplete: found(results, 'SUCCESS').length >= passed }).toEqual({
        scenario,
        isComplete: true,
      });
    }
  });
});
