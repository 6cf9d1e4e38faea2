import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { openLog } from './log-file.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const EVERYTHING = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
);

const folder = mkdtempSync(join(tmpdir(), 'toolway-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

const open = (value: string | undefined) => {
  let written = '';
  const stderr = {
    isTty: false,
    write: async (chunk: string | Uint8Array) => {
      written += String(chunk);
    },
  };
  return { log: openLog({ env: { TOOLWAY_LOG: value }, cwd: folder, stderr }), stderr: () => written };
};

describe('TOOLWAY_LOG', () => {
  test('is no log where it is not set', () => {
    expect(open(undefined).log).toBeUndefined();
    expect(open('').log).toBeUndefined();
  });

  test.each(['debug', 'info', 'WARN', 'error'])('%s is a level, on stderr', (level) => {
    const { log, stderr } = open(level);
    expect(log?.level).toBe(level.toLowerCase());
    log?.write('{"a":1}');
    log?.write('{"b":2}');
    expect(stderr()).toBe('');
    log?.flush();
    expect(stderr()).toBe('{"a":1}\n{"b":2}\n');
  });

  test('is a file that is added to, which only its owner can read', async () => {
    for (const [value, level] of [
      ['x.log', 'info'],
      ['debug:x.log', 'debug'],
      [join(folder, 'x.log'), 'info'],
    ] as const) {
      const { log } = open(value);
      expect(log?.level).toBe(level);
      log?.write(value);
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    }
    expect(readFileSync(join(folder, 'x.log'), 'utf8')).toBe(`x.log\ndebug:x.log\n${join(folder, 'x.log')}\n`);
    expect(statSync(join(folder, 'x.log')).mode & 0o777).toBe(0o600);
  });

  test('tells of the calls of a command, and keeps its arguments to itself', async () => {
    const spawned = await promisify(execFile)(
      process.execPath,
      [COMMAND, 'call', 'echo', 'message=secret', '--stdio', `${process.execPath} ${EVERYTHING} stdio`],
      { env: { PATH: process.env.PATH, TOOLWAY_LOG: 'info', TOOLWAY_STATE_DIR: folder } },
    );
    const events = spawned.stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    expect(events).toMatchObject([{ event: 'connected' }, { event: 'tool_call_success', tool: 'echo' }]);
    expect(spawned.stderr).not.toContain('secret');
  });

  test('is an error where the file cannot be opened, and given up where it cannot be written', () => {
    expect(() => open('nowhere/x.log')).toThrow(/^TOOLWAY_LOG cannot be written: ENOENT/);
    const { log } = open('/dev/full');
    log?.write('lost');
    expect(() => log?.flush()).not.toThrow();
    log?.write('lost too');
    expect(() => log?.flush()).not.toThrow();
  });
});
