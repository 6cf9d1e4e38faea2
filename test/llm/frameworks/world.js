/** Real servers behind one toolkit, for the programs beside this file. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createToolkit } from 'toolway/node';

const servers = fileURLToPath(new URL('../../../node_modules/@modelcontextprotocol/', import.meta.url));
const server = (name, ...args) => ({
  command: process.execPath,
  args: [`${servers}server-${name}/dist/index.js`, ...args],
});

/** `everything` and `files`, whose folder holds `note.txt`. */
export const openWorld = async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'toolway-frameworks-')));
  writeFileSync(join(folder, 'note.txt'), 'remember the milk');
  const toolkit = await createToolkit({
    connect: 'wait',
    mcpServers: { everything: server('everything', 'stdio'), files: server('filesystem', folder) },
  });
  return {
    toolkit,
    note: join(folder, 'note.txt'),
    missing: join(folder, 'missing.txt'),
    async close() {
      await toolkit.close();
      rmSync(folder, { recursive: true });
    },
  };
};

/** The name of a tool as it is shown to the model, whatever stands between its parts and behind them. */
export const named = (names, tool) => {
  const shown = new RegExp(`__${tool}(_[a-z0-9]{8})?$`);
  return names.find((name) => shown.test(name.replaceAll('-', '_')));
};

/** Data of images and the like, in short. */
export const short = (value) =>
  JSON.parse(JSON.stringify(value).replace(/[A-Za-z0-9+/=]{200,}/g, (data) => `<${data.slice(0, 5)}>`));
