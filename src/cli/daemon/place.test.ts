import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { daemonFolder, isOwn, placeOf, readSecrets } from './place.ts';

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'toolway-place-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
};

test('the folder is that of the session, else that of state, which can be said', () => {
  const env = { HOME: '/home/a', XDG_STATE_HOME: '/home/a/.state' };
  expect(daemonFolder(env)).toBe('/home/a/.state/toolway/daemon');
  expect(daemonFolder({ ...env, XDG_RUNTIME_DIR: '/run/user/1' })).toBe('/run/user/1/toolway');
  expect(daemonFolder({ ...env, XDG_RUNTIME_DIR: 'run' })).toBe('/home/a/.state/toolway/daemon');
  const own = { ...env, XDG_RUNTIME_DIR: '/run/user/1', TOOLWAY_STATE_DIR: '/elsewhere' };
  expect(daemonFolder(own)).toBe('/elsewhere/daemon');
});

test('a socket fits into the 104 bytes that some systems have for it', () => {
  for (const name of ['short', 'x'.repeat(60), 'x'.repeat(120)]) {
    const place = placeOf({ HOME: '/', TOOLWAY_STATE_DIR: `/home/${name}` }, import.meta.filename);
    expect(Buffer.byteLength(place.socket)).toBeLessThan(104);
  }
  const long = (name: string) => daemonFolder({ TOOLWAY_STATE_DIR: `/${name.repeat(120)}` });
  expect(long('a')).not.toBe(long('b'));
});

test('what a process takes at its start makes a daemon of its own', () => {
  const of = (env: Record<string, string>): string => placeOf({ HOME: '/h', ...env }, import.meta.filename).socket;
  expect(of({ KEY: 'a' })).toBe(of({ KEY: 'b' }));
  expect(of({ NODE_EXTRA_CA_CERTS: '/ca' })).not.toBe(of({}));
  expect(of({ TMPDIR: '/t' })).not.toBe(of({}));
  // One line that trusts every certificate would make all others do so.
  expect(of({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })).not.toBe(of({}));
});

test('so do the rights of the files that a line makes', () => {
  const of = (mask: number): string => {
    vi.spyOn(process, 'umask').mockReturnValue(mask);
    return placeOf({ HOME: '/h' }, import.meta.filename).socket;
  };
  expect(of(0o077)).not.toBe(of(0o022));
  vi.restoreAllMocks();
});

test('what others can use, or is a link, is nobody’s own', () => {
  const here = folder();
  const token = join(here, 'a.token');
  expect(readSecrets({ folder: here, token })).toBeUndefined();
  writeFileSync(token, 'one\ntwo\n', { mode: 0o600 });
  expect(readSecrets({ folder: here, token })).toEqual({ token: 'one', proof: 'two' });
  chmodSync(token, 0o640);
  expect(() => readSecrets({ folder: here, token })).toThrow(expect.objectContaining({ code: 'forbidden' }));
  mkdirSync(join(here, 'open'));
  chmodSync(join(here, 'open'), 0o702);
  expect(() => isOwn(join(here, 'open'))).toThrow('other users can use');
  symlinkSync(token, join(here, 'link'));
  expect(() => isOwn(join(here, 'link'))).toThrow('is a link');
  // root may own everything, and then nothing is foreign.
  if (process.getuid?.() !== 0) expect(() => isOwn('/')).toThrow('belongs to another user');
});
