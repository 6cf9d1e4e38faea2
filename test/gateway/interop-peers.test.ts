/** Clients of other authors at a gateway as it is served, each in a process of its own, as its documentation has it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { nodeBinary, testTool } from '../../scripts/test-tools.js';
import { type InteropWorld, keyOf, PROBES, startInterop } from '../fixtures/interop-world.ts';

const run = promisify(execFile);
const PEERS = 'test/gateway/peers';
const KEY = keyOf('anna');
const NAMES = ['a__described', 'a__echo', 'b__described', 'b__echo'];

/** What a program of `peers/` says that it saw. Those packages want a newer Node than these tests. */
const seenBy = async (name: string, { url }: InteropWorld, ...more: string[]): Promise<Record<string, unknown>> => {
  const file = fileURLToPath(new URL(`peers/${name}.js`, import.meta.url));
  const { stdout } = await run(nodeBinary(24), [file, url, KEY, ...more], { timeout: 60_000 });
  return JSON.parse(stdout);
};
const world = () => startInterop({ a: PROBES.legacy, b: PROBES.legacy });
const described = { structuredContent: { n: 7 }, _meta: { 'example.com/answer': true } };
const LOST = 'a.crash: the connection was lost before the answer came';

describe('other clients', { timeout: 90_000 }, () => {
  test('@ai-sdk/mcp speaks the modern era and is asked by a legacy server', async () => {
    const at = await world();
    expect(await seenBy('ai-sdk', at)).toMatchObject({
      server: 'toolway',
      version: '2026-07-28',
      tools: expect.arrayContaining(NAMES),
      described,
      sour: true,
      asked: { content: [{ text: 'accept ai-sdk' }] },
      left: 'left',
      resource: 'text of probe://one',
      prompt: 'Greet Ann',
      unknown: { code: -32602, data: { code: 'unknown_tool', executed: 'no' } },
      crash: expect.stringContaining(LOST),
      back: 'back',
    });
    expect(at.toolkit.calls()).toEqual([]);
  });

  test.each(['http', 'sse'])('@langchain/mcp-adapters hears everything over %s', async (transport) => {
    expect(await seenBy('langchain', await world(), transport)).toMatchObject({
      tools: expect.arrayContaining(NAMES),
      described: { text: '{"n":7}', structuredContent: { n: 7 }, meta: { 'example.com/answer': true } },
      sour: expect.stringContaining('it went wrong'),
      steps: [1, 2, 3, 4, 5],
      logs: [{ level: 'error', data: { text: 'loud' } }],
      changes: 1,
      resources: ['probe://one', 'probe://two'],
      crash: expect.stringContaining(LOST),
      back: 'back',
    });
  });

  test('mcporter sees schemas and instructions, and goes on after a crash', async () => {
    const at = await world();
    expect(await seenBy('mcporter', at)).toMatchObject({
      server: 'toolway',
      instructions: true,
      tools: expect.arrayContaining(NAMES),
      outputSchema: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
      described,
      sour: true,
      steps: [1, 2, 3, 4, 5],
      left: 'left',
      resource: 'text of probe://one',
      unknown: { code: -32602, message: expect.stringContaining('a__nothing') },
      crash: { code: -32000, message: expect.stringContaining(LOST) },
      back: 'back',
    });
    expect(at.toolkit.calls()).toEqual([]);
  });

  test.each([
    ['legacy', '/mcp'],
    ['legacy', '/sse'],
    ['modern', '/mcp/a'],
  ])('the command line of the Inspector, in the %s era at %s', async (era, path) => {
    const at = await world();
    const inspect = async (...args: string[]): Promise<Record<string, unknown>> => {
      const inspector = testTool('@modelcontextprotocol/inspector/clients/launcher/build/index.js', PEERS);
      const server = ['--cli', '--server-url', at.url + path, '--header', `Authorization: Bearer ${KEY}`];
      // It guesses the transport by the end of the URL, and knows two ends.
      const transport = path === '/mcp/a' ? ['--transport', 'http'] : [];
      const how = [...transport, '--protocol-era', era, '--format', 'json', '--quiet', '--method'];
      const { stdout } = await run(nodeBinary(24), [inspector, ...server, ...how, ...args], { timeout: 60_000 });
      return JSON.parse(stdout);
    };
    const prefix = path === '/mcp/a' ? '' : 'a__';
    const [tools, answer, resource, prompt] = await Promise.all([
      inspect('tools/list'),
      inspect('tools/call', '--tool-name', `${prefix}described`, '--tool-arg', 'n=7'),
      inspect('resources/read', '--uri', 'probe://one'),
      inspect('prompts/get', '--prompt-name', `${prefix}greet`, '--prompt-args', 'name=Ann'),
    ]);
    expect(JSON.stringify(tools)).toContain(`"${prefix}described"`);
    expect(JSON.stringify(answer)).toContain('"structuredContent":{"n":7}');
    expect(JSON.stringify(resource)).toContain('text of probe://one');
    expect(JSON.stringify(prompt)).toContain('Greet Ann');
  });
});
