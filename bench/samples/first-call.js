// One sample: makes one call over HTTP with a bundle of the browser entry, whose files say when they are loaded.
import { pathToFileURL } from 'node:url';

const [file, url] = process.argv.slice(2);
const { createToolkit } = await import(pathToFileURL(file).href);
const toolkit = await createToolkit({ mcpServers: { bench: { url } }, connect: 'wait' });
const { structuredContent } = await toolkit.callTool('bench.echo', { n: 1, text: '1 ' });
if (structuredContent.n !== 1) throw new Error('the call was given the answer of another');
await toolkit.close();
process.stdout.write(JSON.stringify({ files: globalThis.loadedFiles }), () => process.exit(0));
