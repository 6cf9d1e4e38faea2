import { expect, test } from 'vitest';
import { stateFolder } from './state-folder.ts';

test.each<[NodeJS.Platform, Record<string, string>, string]>([
  ['linux', {}, '/home/me/.local/state/toolway'],
  ['darwin', {}, '/home/me/Library/Application Support/toolway'],
  ['linux', { XDG_STATE_HOME: '/state' }, '/state/toolway'],
  ['linux', { XDG_STATE_HOME: 'state' }, '/home/me/.local/state/toolway'],
  ['darwin', { TOOLWAY_STATE_DIR: '/own', XDG_STATE_HOME: '/state' }, '/own'],
  ['linux', { TOOLWAY_STATE_DIR: './here' }, `${process.cwd()}/here`],
  ['linux', { TOOLWAY_STATE_DIR: '' }, '/home/me/.local/state/toolway'],
])('on %s with %j it is %s', (platform, env, folder) => {
  expect(stateFolder({ env, platform, home: '/home/me' })).toBe(folder);
});

test.each<[Record<string, string>, string]>([
  [{}, 'C:\\Users\\me\\AppData\\Local\\toolway'],
  [{ LOCALAPPDATA: 'D:\\Local' }, 'D:\\Local\\toolway'],
  [{ TOOLWAY_STATE_DIR: 'D:\\own' }, 'D:\\own'],
])('on Windows with %j it is %s', (env, folder) => {
  expect(stateFolder({ env, platform: 'win32', home: 'C:\\Users\\me' })).toBe(folder);
});

test('the home is that of the environment', () => {
  expect(stateFolder({ env: { HOME: '/somewhere' }, platform: 'linux' })).toBe('/somewhere/.local/state/toolway');
});
