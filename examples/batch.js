/**
 * Many calls to two real MCP servers at once: a batch, queued calls, one tool on every server, and what stands in when a
 * call fails. Run it with `npm run build && node examples/batch.js`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createToolkit } from 'toolway/node';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = await mkdtemp(join(tmpdir(), 'toolway-batch-'));

/** @param {string} name @param {...string} args */
const reference = (name, ...args) => ({
  command: process.execPath,
  args: [join(root, 'node_modules/@modelcontextprotocol', `server-${name}`, 'dist/index.js'), ...args],
});

const toolkit = await createToolkit({
  mcpServers: {
    everything: reference('everything', 'stdio'),
    work: { ...reference('memory'), env: { MEMORY_FILE_PATH: join(scratch, 'work.jsonl') } },
    home: { ...reference('memory'), env: { MEMORY_FILE_PATH: join(scratch, 'home.jsonl') } },
  },
});

/** The first text of a result. @param {import('toolway/node').CallToolResult | undefined} result */
const textOf = (result) => {
  const block = result?.content[0];
  return block?.type === 'text' ? block.text : '';
};

try {
  const outcomes = await toolkit.batch(
    [
      { name: 'everything.get-sum', arguments: { a: 19, b: 23 } },
      { server: 'everything', tool: 'echo', arguments: { message: 'Hello' } },
      { name: 'everything.no-such-tool' },
      { name: 'everything.get-sum', arguments: { a: 'nineteen', b: 23 } },
    ],
    {
      concurrency: 2,
      onItem: ({ durationMs }, index) => console.log(`call ${index} took ${Math.round(durationMs)} ms`),
    },
  );
  for (const { success, result, error } of outcomes) console.log(success ? textOf(result) : `${error.code}`);

  const queued = await Promise.all([1, 2, 3].map((b) => toolkit.queue('get-sum', { a: 40, b })));
  console.log('queued:', queued.map(textOf).join(' '));

  const graphs = await toolkit.broadcast('read_graph');
  for (const [server, { success }] of Object.entries(graphs)) console.log(`${server} answered: ${success}`);

  await toolkit.removeServer('work');
  const graph = await toolkit.tryCall('work.read_graph', {}, { fallback: ['home'] });
  console.log(`read_graph was answered by ${graph.serverUsed}`);
  const kept = await toolkit.callTool(
    'work.read_graph',
    {},
    {
      fallback: (call, error) => ({ content: [{ type: 'text', text: `nothing for ${call.name}: ${error.code}` }] }),
    },
  );
  console.log(textOf(kept));
} finally {
  await toolkit.close();
  await rm(scratch, { recursive: true, force: true });
}
