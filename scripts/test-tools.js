/** The tools in test/node: two further Node releases and the conformance suite, with a lock file of their own. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The one command that installs them. */
export const INSTALL_COMMAND = 'npm ci --prefix test/node';

const root = fileURLToPath(new URL('../', import.meta.url));
const tools = `${root}test/node/`;

/** True when what is installed is at least as new as the lock file. */
const installed = () => {
  const record = `${tools}node_modules/.package-lock.json`;
  return existsSync(record) && statSync(record).mtimeMs >= statSync(`${tools}package-lock.json`).mtimeMs;
};

/** Vitest calls this once before all tests. Installs the tools where they are missing or older than their lock file; a failure is told, and the tests that need them fail. */
export const setup = () => {
  if (installed()) return;
  console.log(`Installing the test tools: ${INSTALL_COMMAND}`);
  const args = ['ci', '--prefix', tools, '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0)
    console.error(`The test tools are not installed; the tests that need them will fail. Run: ${INSTALL_COMMAND}`);
};

/**
 * The path of a file of the test tools.
 * @param {string} path below test/node/node_modules
 */
export const testTool = (path) => {
  const file = `${tools}node_modules/${path}`;
  if (!existsSync(file)) throw new Error(`${path} is missing. Run: ${INSTALL_COMMAND}`);
  return file;
};

/**
 * The path of a Node of the given major version, 22 or 24.
 * @param {number} major
 */
export const nodeBinary = (major) => testTool(`node${major}/bin/node`);
