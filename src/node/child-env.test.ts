import { expect, test } from 'vitest';
import { childEnvironment } from './child-env.ts';

const source = {
  PATH: '/bin',
  HOME: '/home/me',
  LC_ALL: 'C.UTF-8',
  TZ: '() { :; }; echo shellshock',
  API_KEY: 'canary',
  NODE_OPTIONS: '--require evil',
  LD_PRELOAD: 'evil.so',
  'BASH_FUNC_ls%%': '() { evil; }',
  USER: undefined,
};

test('a child sees the safe list and nothing else', () => {
  expect({ ...childEnvironment({}, source, 'linux') }).toEqual({ PATH: '/bin', HOME: '/home/me', LC_ALL: 'C.UTF-8' });
});

test('what is declared is passed on, also where it would be dropped otherwise', () => {
  const env = childEnvironment({ PATH: '/opt', NODE_OPTIONS: '--no-warnings', __proto__x: '1' }, source, 'linux');
  expect({ ...env }).toEqual({
    PATH: '/opt',
    HOME: '/home/me',
    LC_ALL: 'C.UTF-8',
    NODE_OPTIONS: '--no-warnings',
    __proto__x: '1',
  });
});

test('a variable may be called __proto__', () => {
  const env = childEnvironment(JSON.parse('{"__proto__":"polluted"}'), {}, 'linux');
  expect(Object.entries(env)).toEqual([['__proto__', 'polluted']]);
  expect(({} as { polluted?: string }).polluted).toBeUndefined();
});

test('names are compared without case on Windows only', () => {
  const windows = { Path: 'C:\\', SystemRoot: 'C:\\Windows', LC_ALL: 'x' };
  expect({ ...childEnvironment({ PATH: 'D:\\' }, windows, 'win32') }).toEqual({
    PATH: 'D:\\',
    SystemRoot: 'C:\\Windows',
  });
  expect({ ...childEnvironment({ path: '/x' }, { PATH: '/bin' }, 'linux') }).toEqual({ PATH: '/bin', path: '/x' });
});

test.each([
  ['', 'x'],
  ['A=B', 'x'],
  ['A\0', 'x'],
  ['A', 'x\0y'],
])('a variable %j with the value %j is refused', (name, value) => {
  expect(() => childEnvironment({ [name]: value }, {})).toThrow(expect.objectContaining({ code: 'invalid_config' }));
});
