// Runs the tests on the other supported Node releases: `npm run verify`, or `npm run verify -- 24` for one of them.
// Options behind it are the runner's.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { nodeBinary, setup } from './test-tools.js';

setup();
const words = process.argv.slice(2);
const named = words.filter((word) => /^\d+$/.test(word));
const majors = named.length > 0 ? named : ['22', '24'];
const options = words.filter((word) => word.startsWith('--'));

/** @param {string} node @param {string[]} args */
const run = (node, ...args) => {
  // Servers that the tests start by name run on the same Node.
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  const { status } = spawnSync(node, args, { stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
};

run(process.execPath, 'scripts/build.js');
for (const major of majors) {
  const node = nodeBinary(Number(major));
  console.log(`\nTests on Node ${major}`);
  run(node, 'node_modules/vitest/vitest.mjs', 'run', ...options);
}
