/** What is there for running the gateway elsewhere, read by the parsers of those who will run it. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { validate } from 'dockerfile-utils';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../src/node/index.ts';

const run = promisify(execFile);
const place = (name: string): string => fileURLToPath(new URL(`../deploy/${name}`, import.meta.url));
const read = (name: string): string => readFileSync(place(name), 'utf8');

test('the Dockerfile has nothing that its checker warns of', () => {
  expect(validate(read('Dockerfile'))).toEqual([]);
  expect(validate('FORM node\nRUN')).not.toEqual([]);
});

test('the compose file keeps the port to this machine, and the container from doing more than it must', () => {
  const { services, volumes } = parse(read('compose.yaml'));
  const { toolway } = services;
  expect(existsSync(fileURLToPath(new URL(`../${toolway.build.dockerfile}`, import.meta.url)))).toBe(true);
  expect(toolway.ports).toEqual(['127.0.0.1:3333:3333']);
  expect(toolway).toMatchObject({ read_only: true, cap_drop: ['ALL'], init: true, stop_grace_period: '20s' });
  expect(Object.keys(volumes)).toEqual(['state']);
});

test('the configuration beside it has no problem', async () => {
  const config = await loadConfig({ files: [place('config.yaml')], env: {} });
  expect(config.problems).toEqual([]);
  expect(Object.keys(config.mcpServers)).toEqual(['memory']);
});

test('the unit has nothing that systemd warns of, where it is there to ask', async () => {
  const unit = read('toolway.service');
  expect(unit).toContain('ExecStart=/usr/bin/env toolway serve --config /etc/toolway/config.yaml');
  if (!existsSync('/usr/bin/systemd-analyze')) return;
  const { stdout, stderr } = await run('systemd-analyze', ['verify', place('toolway.service')]);
  expect(stdout + stderr).toBe('');
});
