// `@ai-sdk/mcp` at a gateway: `node ai-sdk.js URL KEY`. Prints what it saw as JSON.
import { createMCPClient, ElicitationRequestSchema } from '@ai-sdk/mcp';

const [url, key] = process.argv.slice(2);
const client = await createMCPClient({
  transport: { type: 'http', url: `${url}/mcp`, headers: { Authorization: `Bearer ${key}` } },
  capabilities: { elicitation: {} },
});
client.onElicitationRequest(ElicitationRequestSchema, () => ({ action: 'accept', content: { name: 'ai-sdk' } }));
const tools = await client.tools();
/** As the loop of the AI SDK runs a tool. @param {string} name */
const run = (name, args = {}, abortSignal) =>
  tools[name].execute(args, { toolCallId: name, messages: [], abortSignal });

const leaving = new AbortController();
setTimeout(() => leaving.abort(), 500);
const left = await run('a__wait', {}, leaving.signal).then(
  () => 'answered',
  () => 'left',
);
const seen = {
  server: client.serverInfo.name,
  version: client.initializeResult.protocolVersion,
  tools: Object.keys(tools),
  described: await run('a__described', { n: 7 }),
  sour: (await run('a__sour')).isError,
  asked: await run('a__elicit'),
  left,
  resource: (await client.readResource({ uri: 'probe://one' })).contents[0].text,
  prompt: (await client.getPrompt({ name: 'a__greet', arguments: { name: 'Ann' } })).messages[0].content.text,
  unknown: await client.callTool({ name: 'a__nothing' }).catch(({ code, data }) => ({ code, data })),
  crash: await run('a__crash').catch(({ message }) => message),
  back: (await run('a__echo', { text: 'back' })).content[0].text,
};
await client.close();
console.log(JSON.stringify(seen));
