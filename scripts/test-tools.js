/**
 * The tools of the tests, each folder with a lock file of its own: in test/node two further Node releases and the
 * conformance suite, in test/gateway/client what a client is generated with from OpenAPI, in test/gateway/peers clients
 * of MCP by other authors, in test/llm/frameworks what is handed tools for models. For the long tests only are
 * test/llm/servers, with servers by other authors, and test/llm/mastra, a further framework: they take 460 and 390 MB.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDERS = ['test/node', 'test/gateway/client', 'test/gateway/peers', 'test/llm/frameworks'];
const LONG_FOLDERS = ['test/llm/servers', 'test/llm/mastra'];

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * The one command that installs a folder's tools.
 * @param {string} folder
 */
export const installCommand = (folder) => `npm ci --prefix ${folder}`;

/**
 * True when what is installed is at least as new as the lock file.
 * @param {string} folder
 */
const installed = (folder) => {
  const record = `${root}${folder}/node_modules/.package-lock.json`;
  return existsSync(record) && statSync(record).mtimeMs >= statSync(`${root}${folder}/package-lock.json`).mtimeMs;
};

/**
 * Vitest calls this once before all tests. Installs the tools where they are missing or older than their lock file; a
 * failure is told, and the tests that need them fail. What only the long tests need is installed with `--mode long`.
 * @param {{ config: { env?: Record<string, unknown> } }} [project]
 */
export const setup = (project) => {
  const isLong = project?.config.env?.TOOLWAY_LONG === '1';
  for (const folder of isLong ? [...FOLDERS, ...LONG_FOLDERS] : FOLDERS) {
    if (installed(folder)) continue;
    console.log(`Installing the test tools: ${installCommand(folder)}`);
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    // What only the long tests need runs without the scripts of its packages.
    const scripts = LONG_FOLDERS.includes(folder) ? ['--ignore-scripts'] : [];
    const args = ['ci', '--prefix', `${root}${folder}`, ...quiet, ...scripts];
    const { status } = spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
    if (status === 0) continue;
    console.error(
      `The test tools are not installed; the tests that need them will fail. Run: ${installCommand(folder)}`,
    );
  }
};

/**
 * The path of a file of the test tools.
 * @param {string} path below the folder's node_modules
 * @param {string} folder
 */
export const testTool = (path, folder = 'test/node') => {
  const file = `${root}${folder}/node_modules/${path}`;
  if (!existsSync(file)) throw new Error(`${path} is missing. Run: ${installCommand(folder)}`);
  return file;
};

/**
 * The path of a Node of the given major version, 22 or 24.
 * @param {number} major
 */
export const nodeBinary = (major) => testTool(`node${major}/bin/node`);
