/** Follows a configuration file: what changes in it is applied while the toolkit runs: `node examples/watch-config.js`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createToolkit, watchConfig } from 'toolway/node';

const modules = fileURLToPath(new URL('../node_modules/@modelcontextprotocol', import.meta.url));
const everything = { command: process.execPath, args: [`${modules}/server-everything/dist/index.js`, 'stdio'] };
const memory = { command: process.execPath, args: [`${modules}/server-memory/dist/index.js`] };
const folder = await mkdtemp(join(tmpdir(), 'toolway-watch-'));
const file = join(folder, 'mcp.json');
/** @param {object} mcpServers */
const save = (mcpServers) => writeFile(file, JSON.stringify({ mcpServers }));

/** @type {() => void} */
let next = () => {};
/** Resolves with the next news. @param {() => Promise<void>} change */
const after = async (change) => {
  const news = new Promise((resolve) => {
    next = () => resolve(undefined);
  });
  await change();
  await news;
};

await save({ everything });
const watched = await watchConfig({
  files: [file],
  onChange({ added, removed, changed }) {
    console.log('added:', added.join(), 'removed:', removed.join(), 'changed:', changed.join());
    next();
  },
  onError({ code, message }) {
    console.log(`${code}: ${message.replace(folder, '')}`);
    next();
  },
});
const toolkit = await createToolkit({ ...watched.options, connect: 'wait' });
watched.apply(toolkit);
const { pid } = toolkit.status().everything ?? {};

await after(() => save({ everything, memory }));
await toolkit.waitForConnection('memory');
console.log('memory:', toolkit.status().memory?.state);
await after(() => writeFile(file, '{"mcpServers": {'));
await after(() => save({ everything }));
console.log('servers:', Object.keys(toolkit.status()).join(), 'untouched:', toolkit.status().everything?.pid === pid);

await watched.close();
await toolkit.close();
await rm(folder, { recursive: true });
