/** Whether a search finds the right tool among those of more than 20 servers by other authors, and what it costs to be told. */
import { beforeAll, expect, test } from 'vitest';
import type { ListedTool } from '../../src/api.ts';
import { estimateTokens } from '../../src/llm/results/tokens.ts';
import { searchTools } from '../../src/llm/search/search-tools.ts';
import { createToolIndex } from '../../src/search/index.ts';
import { realTools } from '../fixtures/llm/real-tools.ts';
import { type SearchRequest, searchRequests } from '../fixtures/llm/search-requests.ts';

let tools: ListedTool[];
let find: (query: string, limit: number) => ListedTool[];

beforeAll(async () => {
  tools = await realTools();
  const index = createToolIndex();
  const servers = [...new Set(tools.map(({ server }) => server))];
  index.update(servers.map((server) => ({ server, tools: tools.filter((tool) => tool.server === server) })));
  find = (query, limit) => index.find(query, { limit, admits: () => true }).map(({ tool }) => tool as ListedTool);
}, 120_000);

/** Every other one of each kind: the index was tuned on the first half only. */
const halfOf = (rest: number): SearchRequest[] => {
  const seen = new Map<string, number>();
  return searchRequests.filter(({ kind }) => {
    const at = seen.get(kind) ?? 0;
    seen.set(kind, at + 1);
    return at % 2 === rest;
  });
};

const recall = (requests: readonly SearchRequest[], by: 'query' | 'request', most: number): number => {
  const found = requests.filter((one) => find(one[by], most).some((tool) => one.accept.includes(tool.qualifiedName)));
  return found.length / requests.length;
};

test('there are more than 500 tools, and every one that is asked for is among them', () => {
  expect(tools.length).toBeGreaterThan(500);
  expect(searchRequests).toHaveLength(100);
  const names = new Set(tools.map(({ qualifiedName }) => qualifiedName));
  expect(searchRequests.flatMap(({ accept }) => accept).filter((name) => !names.has(name))).toEqual([]);
});

test.each([
  ['those that the index was tuned on', 0],
  ['the others', 1],
])('of the searches of %s, 95 in 100 find a right tool among the first five', (_, rest) => {
  const requests = halfOf(rest);
  const figures = (['query', 'request'] as const).map(
    (by) =>
      `${by}: ${[1, 3, 5].map((most) => `@${most} ${(100 * recall(requests, by, most)).toFixed(0)} %`).join(', ')}`,
  );
  console.log(figures.join('; '));
  expect(recall(requests, 'query', 5)).toBeGreaterThanOrEqual(0.95);
});

test('the three tools and what a search tells cost less than a tenth of showing all tools', async () => {
  const toolkit = {
    listTools: async () => tools,
    searchTools: async (query: string, { limit = 10 } = {}) =>
      find(query, limit).map((tool) => ({ ...tool, score: 1 })),
    status: () => ({}),
  };
  const local = searchTools(toolkit);
  const cost = (one: unknown): number => estimateTokens(JSON.stringify(one));
  const shown = local.reduce(
    (sum, { name, description, inputSchema }) => sum + cost({ name, description, inputSchema }),
    0,
  );
  const all = tools.reduce(
    (sum, { name, description, inputSchema }) => sum + cost({ name, description, inputSchema }),
    0,
  );
  let most = 0;
  let sum = 0;
  for (const { query } of searchRequests) {
    // A search of its own each time: several in a row would be refused.
    const [search] = searchTools(toolkit);
    const { signal } = new AbortController();
    const result = await search?.run(
      { query },
      { id: 'x', signal, call: () => Promise.reject(), onProgress: () => {} },
    );
    const told = cost(result?.content);
    most = Math.max(most, told);
    sum += told;
  }
  const mean = sum / searchRequests.length;
  console.log(`all ${all}, three tools ${shown}, a search ${mean.toFixed(0)} on average, ${most} at most`);
  expect(shown + mean).toBeLessThan(all / 10);
  expect(shown + most).toBeLessThan(all / 10);
});
