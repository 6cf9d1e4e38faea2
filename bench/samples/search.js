// One sample: what a search over 10 000 tools of 100 servers costs. argv[2]: the subject, `toolway` or `minisearch`.
import { createMemoryEcho } from '../lib/memory-echo.js';
import { median } from '../lib/statistics.js';
import { toolwayEntry } from '../lib/toolway-dist.js';

const SERVERS = 100;
const TOOLS = 100;
const SEARCHES = 500;
const LIMIT = 5;

const VERBS =
  'create get list update delete search send read write move copy merge close open assign archive export import start stop'.split(
    ' ',
  );
const THINGS =
  'issue file message branch release invoice customer table row page comment label user team channel event task note image order'.split(
    ' ',
  );
const SCOPES =
  'project workspace repository folder account calendar board database queue cluster bucket thread report device campaign ticket pipeline secret domain session'.split(
    ' ',
  );

const toolAt = (place) => {
  const [verb, thing, scope] = [
    VERBS[place % 20],
    THINGS[Math.floor(place / 20) % 20],
    SCOPES[Math.floor(place / 400) % 20],
  ];
  const name = `${verb}_${scope}_${thing}${place < 8_000 ? '' : '_v2'}`;
  return {
    name,
    description: `${verb}s the ${thing} of a ${scope}. Takes the id of the ${scope}; the ${thing} is the one that was last changed, unless a name is given.`,
    inputSchema: {
      type: 'object',
      properties: {
        [`${scope}_id`]: { type: 'string', description: `The ${scope}.` },
        [`${thing}_name`]: { type: 'string', description: `Which ${thing}, by its name.` },
        limit: { type: 'integer', description: 'How many at most.' },
      },
      required: [`${scope}_id`],
    },
  };
};
const listOf = (server) => Array.from({ length: TOOLS }, (_, place) => toolAt(server * TOOLS + place));
const queries = Array.from({ length: SEARCHES }, (_, at) => {
  const place = (at * 7_919) % (SERVERS * TOOLS);
  const [verb, scope, thing] = toolAt(place).name.split('_');
  return { server: Math.floor(place / TOOLS), query: `${verb} ${thing} in ${scope}`, name: toolAt(place).name };
});

const subjects = {
  async toolway() {
    const { createToolkit } = await import(toolwayEntry('node/index.js'));
    const names = Array.from({ length: SERVERS }, (_, server) => [
      `s${server}`,
      { transport: () => createMemoryEcho({ era: 'legacy', tools: listOf(server) }) },
    ]);
    const toolkit = await createToolkit({ mcpServers: Object.fromEntries(names), connect: 'wait' });
    return async (query) => (await toolkit.searchTools(query, { limit: LIMIT })).map(({ name }) => name);
  },
  async minisearch() {
    const { default: MiniSearch } = await import('minisearch');
    const index = new MiniSearch({ fields: ['name', 'description', 'parameters'], storeFields: ['tool'] });
    const texts = Array.from({ length: SERVERS * TOOLS }, (_, id) => {
      const { name, description, inputSchema } = toolAt(id);
      const parameters = Object.entries(inputSchema.properties).map(([key, value]) => `${key} ${value.description}`);
      return { id, tool: name, name: name.replaceAll('_', ' '), description, parameters: parameters.join(' ') };
    });
    index.addAll(texts);
    return async (query) =>
      index
        .search(query)
        .slice(0, LIMIT)
        .map(({ tool }) => tool);
  },
};

const search = await subjects[process.argv[2]]();
let found = 0;
const run = async () => {
  const took = [];
  for (const { query, name } of queries) {
    const began = performance.now();
    const names = await search(query);
    took.push(performance.now() - began);
    if (names.includes(name)) found += 1;
  }
  return took;
};
await run();
found = 0;
const took = await run();
const report = {
  medianMs: median(took),
  p99Ms: took.sort((one, other) => one - other)[Math.floor(took.length * 0.99)],
  found: found / SEARCHES,
};
process.stdout.write(JSON.stringify(report), () => process.exit(0));
