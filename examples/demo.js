/**
 * Connects to three real MCP servers that come with the development dependencies, lists what they offer, and calls them.
 * `npm start` builds the library and runs this.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createToolkit } from 'toolway/node';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = await mkdtemp(join(tmpdir(), 'toolway-demo-'));

/** @param {string} name @param {...string} args */
const reference = (name, ...args) => ({
  command: process.execPath,
  args: [join(root, 'node_modules/@modelcontextprotocol', `server-${name}`, 'dist/index.js'), ...args],
  cwd: root,
});

const toolkit = await createToolkit({
  mcpServers: {
    everything: reference('everything', 'stdio'),
    files: reference('filesystem', root),
    memory: { ...reference('memory'), env: { MEMORY_FILE_PATH: join(scratch, 'memory.jsonl') } },
  },
  connect: 'wait',
});

/** @param {string} text */
const heading = (text) => console.log(`\n${text}`);

/** What came back, on one line. @param {unknown} value */
const shorten = (value) => {
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).trim().replace(/\s+/g, ' ');
  return text.length > 150 ? `${text.slice(0, 150)}…` : text;
};

/** Shows what was called and what came back. @param {string} call @param {() => Promise<unknown>} work */
const show = async (call, work) => {
  const started = performance.now();
  const answer = await work().catch((/** @type {any} */ error) => `${error.code}: ${error.message}`);
  console.log(`  ${call}\n    -> ${shorten(answer)}  (${Math.round(performance.now() - started)} ms)`);
};

/** @param {string} name @param {Record<string, unknown>} args @param {import('toolway/node').CallOptions} [options] */
const callTool = (name, args, options) =>
  show(`callTool('${name}', ${JSON.stringify(args)})`, async () => {
    const { content, isError } = await toolkit.callTool(name, args, options);
    const [block] = content;
    return `${isError ? 'the tool reports an error: ' : ''}${block?.type === 'text' ? block.text : JSON.stringify(block)}`;
  });

try {
  heading('Servers');
  console.table(
    Object.fromEntries(
      Object.entries(toolkit.status()).map(([name, server]) => [
        name,
        {
          state: server.state,
          era: server.era,
          revision: server.protocolVersion,
          tools: server.toolsCount,
          resources: server.resourcesCount,
          prompts: server.promptsCount,
          'connected in ms': server.connectMs === undefined ? undefined : Math.round(server.connectMs),
        },
      ]),
    ),
  );

  heading('Tools');
  for (const { qualifiedName, inputSchema } of await toolkit.listTools()) {
    console.log(`  ${qualifiedName}(${Object.keys(inputSchema.properties ?? {}).join(', ')})`);
  }

  heading('Calls');
  await callTool('everything.echo', { message: 'Hello' });
  await callTool('get-sum', { a: 19, b: 23 });
  await callTool('files.read_text_file', { path: 'package.json', head: 2 });
  await callTool('memory.create_entities', {
    entities: [{ name: 'Toolway', entityType: 'library', observations: ['connects applications to MCP servers'] }],
  });
  await callTool('memory.search_nodes', { query: 'Toolway' });
  /** @type {string[]} */
  const progress = [];
  await callTool(
    'everything.trigger-long-running-operation',
    { duration: 0.6, steps: 3 },
    { onProgress: ({ progress: done, total }) => progress.push(`${done}/${total}`) },
  );
  console.log(`    progress on the way: ${progress.join(' ')}`);

  heading('Resources and prompts');
  const uri = 'demo://resource/static/document/features.md';
  await show(`readResource('${uri}')`, async () => (await toolkit.readResource(uri)).contents[0]?.text);
  await show(`getPrompt('everything.args-prompt', {"city":"Bern"})`, async () => {
    const { messages } = await toolkit.getPrompt('everything.args-prompt', { city: 'Bern' });
    return messages[0]?.content;
  });

  heading('Calls that fail');
  await callTool('files.read_text_file', { path: '/etc/hostname' });
  await callTool('files.read_text_fil', { path: 'package.json' });
} finally {
  await toolkit.close();
  await rm(scratch, { recursive: true, force: true });
}
