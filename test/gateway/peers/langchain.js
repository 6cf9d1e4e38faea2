// `@langchain/mcp-adapters` at a gateway: `node langchain.js URL KEY http|sse`. Prints what it saw as JSON.
import { MultiServerMCPClient } from '@langchain/mcp-adapters';

const [url, key, transport] = process.argv.slice(2);
const steps = [];
const logs = [];
let changes = 0;
const client = new MultiServerMCPClient({
  mcpServers: {
    gateway: {
      transport,
      url: url + (transport === 'sse' ? '/sse' : '/mcp'),
      headers: { Authorization: `Bearer ${key}` },
    },
  },
  useStandardContentBlocks: true,
  onProgress: ({ progress }) => void steps.push(progress),
  onMessage: ({ level, data }) => void logs.push({ level, data }),
  onToolsListChanged() {
    changes += 1;
  },
});
const tools = await client.getTools();
/** @param {string} name */
const run = (name, args = {}) => tools.find((tool) => tool.name === name).invoke(args);
/** @param {() => boolean} isSo */
const until = async (isSo) => {
  for (let tries = 0; !isSo() && tries < 500; tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
};

// Over SSE the SDK beneath loses the progress that it reads together with the answer, as a busy machine may have it.
for (let tries = 0; steps.length < 5 && tries < 5; tries += 1) {
  steps.length = 0;
  await run('a__steps');
}
await client.setLoggingLevel('warning');
await run('a__say', { severity: 'info', text: 'soft' });
await run('a__say', { severity: 'error', text: 'loud' });
await until(() => logs.length > 0);
await run('a__grow');
await until(() => changes > 0);
const resources = await client.listResources();
const seen = {
  tools: tools.map(({ name }) => name),
  described: await run('a__described', { n: 7 }),
  sour: await run('a__sour').catch(({ message }) => message),
  steps,
  logs,
  changes,
  resources: resources.gateway.map(({ uri }) => uri),
  crash: await run('a__crash').catch(({ message }) => message),
  back: await run('a__echo', { text: 'back' }),
};
await client.close();
console.log(JSON.stringify(seen));
