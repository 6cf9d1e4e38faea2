/** How often the planner is right, over the real tools of the official servers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ListedTool, Toolkit } from '../../src/api.ts';
import type { Message } from '../../src/llm/message.ts';
import type { ModelTool } from '../../src/llm/model.ts';
import { createPlanner } from '../../src/llm/planner/planner.ts';
import { createToolkit } from '../../src/node/index.ts';
import { plannerRequests, RESULT } from '../fixtures/llm/planner-requests.ts';
import { typedRequests } from '../fixtures/llm/planner-requests-typed.ts';

const folder = mkdtempSync(join(tmpdir(), 'toolway-planner-'));
const server = (name: string, ...args: string[]) => ({
  command: join('node_modules', '.bin', `mcp-server-${name}`),
  args,
});
let toolkit: Toolkit;
let listed: ListedTool[];

beforeAll(async () => {
  toolkit = await createToolkit({
    connect: 'wait',
    mcpServers: {
      everything: server('everything'),
      files: server('filesystem', folder),
      memory: { ...server('memory'), env: { MEMORY_FILE_PATH: join(folder, 'memory.json') } },
      thinking: server('sequential-thinking'),
    },
  });
  listed = await toolkit.listTools();
}, 60_000);
afterAll(async () => {
  await toolkit.close();
  rmSync(folder, { recursive: true });
});

/** The calls that the planner makes of a request; each of them gets the same result. Nothing is called. */
const callsOf = async (request: string): Promise<[string, unknown][]> => {
  const planner = createPlanner({ toolkit, now: () => Date.parse('2026-11-22T12:00:00Z'), timeZone: 'UTC' });
  const tools: ModelTool[] = listed.map(({ server: of, name, description = '', inputSchema }) => ({
    name: `${of}__${name}`,
    description,
    inputSchema,
  }));
  const messages: Message[] = [{ role: 'user', content: [{ type: 'text', text: request }] }];
  const calls: [string, unknown][] = [];
  for (;;) {
    const { signal } = new AbortController();
    for await (const event of planner.stream({ system: [], messages, tools, signal })) {
      if (event.type === 'done') messages.push(event.message);
    }
    const call = messages.at(-1)?.content.find((part) => part.type === 'call');
    if (call === undefined) return calls;
    const { id, name } = call;
    calls.push([name.replace('__', '.'), call.arguments]);
    messages.push({ role: 'tool', content: [{ type: 'result', id, name, content: [{ type: 'text', text: RESULT }] }] });
  }
};

test.each([
  { of: plannerRequests, half: 'those it was tuned on first', rest: 0, count: 30, wanted: 30, mostWrong: 0 },
  { of: plannerRequests, half: 'those it was tuned on later', rest: 1, count: 30, wanted: 30, mostWrong: 0 },
  { of: typedRequests, half: 'as typed, those it was mended by', rest: 0, count: 43, wanted: 43, mostWrong: 0 },
  { of: typedRequests, half: 'as typed, the others', rest: 1, count: 43, wanted: 40, mostWrong: 1 },
])('of $count requests, $half, it does $wanted rightly, and no wrong thing that changes anything', async (set) => {
  const requests = set.of.filter((_, at) => at % 2 === set.rest);
  const reads = new Set(
    listed.filter((tool) => tool.annotations?.readOnlyHint === true).map((tool) => tool.qualifiedName),
  );
  const wrong: string[] = [];
  const wrongWrites: string[] = [];
  const asked: string[] = [];
  for (const { request, calls = [], asks } of requests) {
    const made = await callsOf(request);
    const isRight = made.length === 0 ? asks === true : calls.some((wanted) => isDeepStrictEqual(wanted, made));
    if (isRight) continue;
    if (made.length === 0) asked.push(request);
    else wrong.push(`${request}: ${JSON.stringify(made)}`);
    if (made.some(([tool]) => !reads.has(tool))) wrongWrites.push(request);
  }
  expect(requests).toHaveLength(set.count);
  expect(wrongWrites).toEqual([]);
  expect(wrong.length, wrong.join('\n')).toBeLessThanOrEqual(set.mostWrong);
  expect(set.count - wrong.length - asked.length, asked.join('\n')).toBeGreaterThanOrEqual(set.wanted);
});
