// The runtime of mcporter at a gateway: `node mcporter.js URL KEY`. Prints what it saw as JSON.
import { createRuntime } from 'mcporter';

const [url, key] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${key}` };
const runtime = await createRuntime({
  servers: [{ name: 'gateway', command: { kind: 'http', url: new URL(`${url}/mcp`), headers } }],
});
/** @param {string} name */
const call = (name, args = {}) => runtime.callTool('gateway', name, { args });

const tools = await runtime.listTools('gateway', { includeSchema: true });
const { client } = await runtime.connect('gateway');
const steps = [];
await client.callTool({ name: 'a__steps', arguments: {} }, undefined, {
  onprogress: ({ progress }) => void steps.push(progress),
});
const leaving = new AbortController();
setTimeout(() => leaving.abort(), 500);
const left = await client.callTool({ name: 'a__wait', arguments: {} }, undefined, { signal: leaving.signal }).then(
  () => 'answered',
  () => 'left',
);
const seen = {
  server: client.getServerVersion().name,
  instructions: (await runtime.getInstructions('gateway'))?.includes('Call the tools one by one.'),
  tools: tools.map(({ name }) => name),
  outputSchema: tools.find(({ name }) => name === 'a__described').outputSchema,
  described: await call('a__described', { n: 7 }),
  sour: (await call('a__sour')).isError,
  steps,
  left,
  resource: (await runtime.readResource('gateway', 'probe://one')).contents[0].text,
  unknown: await call('a__nothing').catch(({ code, message }) => ({ code, message })),
  crash: await call('a__crash').catch(({ code, message }) => ({ code, message })),
  back: (await call('a__echo', { text: 'back' })).content[0].text,
};
await runtime.close();
console.log(JSON.stringify(seen));
