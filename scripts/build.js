// Compiles src/ to dist/, or to the folder that is named, and makes the command of few files: each one costs a third of a millisecond at every start.
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = resolve(process.argv[2] ?? 'dist');
const root = fileURLToPath(new URL('..', import.meta.url));

rmSync(dist, { recursive: true, force: true });
const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', dist];
const { status } = spawnSync(process.execPath, tsc, { stdio: 'inherit', cwd: root });
process.exitCode = status ?? 1;

if (status === 0) {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  // What a command loads when it needs it stays in files of its own; packages stay where they are installed.
  const folder = join(dist, 'command');
  /** @type {import('esbuild').BuildOptions} */
  const common = {
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: `node${engines.node.replace(/[^\d.]/g, '')}`,
    logLevel: 'error',
  };
  const entry = join(dist, 'cli/main.js');
  await build({ ...common, entryPoints: [entry], outdir: folder, splitting: true, external: ['./quick.js'] });
  /** @type {import('esbuild').Plugin} */
  const alone = {
    name: 'what is imported later is never imported',
    setup: ({ onResolve }) =>
      onResolve({ filter: /.*/ }, ({ kind, path }) =>
        kind === 'dynamic-import' ? { path, external: true } : undefined,
      ),
  };
  await build({ ...common, entryPoints: [join(dist, 'cli/quick.js')], outdir: folder, plugins: [alone] });
  rmSync(join(dist, 'cli'), { recursive: true });
  renameSync(join(dist, 'command'), join(dist, 'cli'));
  chmodSync(join(dist, 'cli/main.js'), 0o755);
}
