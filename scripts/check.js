// Everything that can be said about the code without running it. Every step runs; the exit code is 1 when one of them fails.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const packed = mkdtempSync(join(tmpdir(), 'toolway-check-'));
/** @type {string[]} */
const failed = [];

/** @param {string} name @param {string} command @param {string[]} args */
const step = (name, command, ...args) => {
  const started = performance.now();
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) failed.push(name);
  const outcome = status === 0 ? 'ok' : `failed${error ? ` (${error.message})` : ''}`;
  console.log(`${name}: ${outcome}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
};
/** @param {string} name */
const bin = (name) => join('node_modules', '.bin', name);

try {
  step('build', process.execPath, 'scripts/build.js');
  step('types', bin('tsc'), '-p', 'tsconfig.json');
  step('types without Node', bin('tsc'), '-p', 'tsconfig.web.json');
  step('types of scripts', bin('tsc'), '-p', 'tsconfig.scripts.json');
  step('biome', bin('biome'), 'check', '--error-on-warnings', '.');
  step('knip', bin('knip'));
  step('pack', 'npm', 'pack', '--silent', '--pack-destination', packed);
  const tarball = join(packed, readdirSync(packed)[0] ?? 'missing.tgz');
  step('publint', bin('publint'), 'run', tarball, '--strict');
  step('attw', bin('attw'), '--profile', 'esm-only', '--no-definitely-typed', tarball);
} finally {
  rmSync(packed, { recursive: true, force: true });
}
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
