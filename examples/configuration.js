/** Reads a configuration file, says what is wrong with it and where its values come from, and uses its servers: `node examples/configuration.js`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createToolkit, loadConfig } from 'toolway/node';

const modules = fileURLToPath(new URL('../node_modules/@modelcontextprotocol', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'toolway-configuration-'));
const file = join(folder, 'toolway.yaml');
await writeFile(
  file,
  `
defaults: { timeoutMs: 20000 }
inputs: [{ id: greeting, type: promptString, description: How to greet? }]
mcpServers:
  everything:
    command: \${NODE}
    args: ["${modules}/server-everything/dist/index.js", stdio]
    env: { GREETING: "\${input:greeting}" }
    envFile: .env
    enabledTools: [echo, get-env]
  broken: { command: x, args: 5 }
`,
);
await writeFile(join(folder, '.env'), 'FROM_FILE="a file"\n');

const config = await loadConfig({ files: [file], env: { ...process.env, NODE: process.execPath } });
for (const { level, line, column, path, message } of config.problems) {
  console.log(`${level} in line ${line}, column ${column}: ${path} ${message}`);
}
const origin = config.origins.everything?.command;
if (origin?.kind === 'file') console.log(`the command stands in line ${origin.line}`);

const toolkit = await createToolkit({
  ...config,
  connect: 'wait',
  onInput: async ({ description }) => {
    console.log(`asked: ${description}`);
    return 'Hello';
  },
});
try {
  console.log('tools:', (await toolkit.listTools()).map(({ name }) => name).join(', '));
  const { content } = await toolkit.callTool('get-env', {});
  const text = content[0]?.type === 'text' ? content[0].text : '{}';
  const { GREETING, FROM_FILE } = JSON.parse(text);
  console.log(`the server has GREETING=${GREETING} and FROM_FILE=${FROM_FILE}`);
  console.log('broken:', toolkit.status().broken?.state);
} finally {
  await toolkit.close();
  await rm(folder, { recursive: true });
}
