import { expect, test } from 'vitest';
import { compileCacheFolder } from './compile-cache.ts';

test.each([
  [{ HOME: '/home/me' }, 'linux', '/home/me/.cache/toolway/compiled'],
  [{ HOME: '/home/me', XDG_CACHE_HOME: '/cache' }, 'linux', '/cache/toolway/compiled'],
  [{ HOME: '/home/me', XDG_CACHE_HOME: 'here' }, 'darwin', '/home/me/.cache/toolway/compiled'],
  [{ HOME: '' }, 'linux', undefined],
  [{}, 'linux', undefined],
  [{ LOCALAPPDATA: 'C:\\Users\\me\\AppData\\Local' }, 'win32', 'C:\\Users\\me\\AppData\\Local\\toolway\\compiled'],
  [{ HOME: '/home/me' }, 'win32', undefined],
])('%j on %s', (env, platform, folder) => {
  expect(compileCacheFolder(env, platform)).toBe(folder);
});
