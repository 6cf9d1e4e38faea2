// Packages that only one measurement needs have a folder with a lock file of their own; nobody else installs them.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Installs what the lock file of a folder names, where nothing is installed there yet. @param {string} folder */
export const installIn = (folder) => {
  if (existsSync(join(folder, 'node_modules'))) return;
  const install = ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  spawnSync('npm', install, { stdio: 'inherit' });
};
