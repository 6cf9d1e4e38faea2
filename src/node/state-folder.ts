/** Where Toolway keeps what it remembers for one user: what is trusted, pins, histories. */
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

/** What the place depends on. */
export interface StateFolderOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** Default: the machine's. */
  platform?: NodeJS.Platform;
  /** Default: `HOME` or `USERPROFILE`, else the system's word for it. */
  home?: string;
}

/**
 * `TOOLWAY_STATE_DIR`; else `$XDG_STATE_HOME/toolway`; else the platform's place: `~/.local/state/toolway`,
 * `~/Library/Application Support/toolway`, `%LOCALAPPDATA%\toolway`. Of XDG's variables a relative path is none (XDG Base Directory 0.8).
 */
export const stateFolder = ({ env, platform = process.platform, home }: StateFolderOptions): string => {
  const { join, isAbsolute, resolve } = platform === 'win32' ? win32 : posix;
  const given = (name: string): string | undefined => {
    const path = env[name];
    return path !== undefined && isAbsolute(path) ? path : undefined;
  };
  if (env.TOOLWAY_STATE_DIR) return resolve(env.TOOLWAY_STATE_DIR);
  const xdg = given('XDG_STATE_HOME');
  if (xdg !== undefined) return join(xdg, 'toolway');
  const user = home ?? (env.HOME || env.USERPROFILE || homedir());
  if (platform === 'win32') return join(given('LOCALAPPDATA') ?? join(user, 'AppData', 'Local'), 'toolway');
  if (platform === 'darwin') return join(user, 'Library', 'Application Support', 'toolway');
  return join(user, '.local', 'state', 'toolway');
};
