// Compiles src/ to dist/ and makes the command executable.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
const args = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'];
const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
const main = 'dist/cli/main.js';
if (existsSync(main)) chmodSync(main, 0o755);
process.exitCode = status ?? 1;
