// Compiles src/ to dist/, or to the folder that is named.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleCommand } from './bundle-command.js';

const dist = resolve(process.argv[2] ?? 'dist');

rmSync(dist, { recursive: true, force: true });
const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', dist];
const root = fileURLToPath(new URL('..', import.meta.url));
const { status } = spawnSync(process.execPath, tsc, { stdio: 'inherit', cwd: root });
process.exitCode = status ?? 1;
if (status === 0) await bundleCommand(dist);
