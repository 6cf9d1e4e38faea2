import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { fixture, lives, until } from '../../test/fixtures/stdio/harness.ts';
import { endGroup } from './process-group.ts';

test('a group of zombies that nobody reaps is no reason to wait', async () => {
  const keeper = spawn(process.execPath, [fixture('undertaker.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void keeper.kill('SIGKILL'));
  const [line] = (await once(keeper.stdout, 'data')) as [Buffer];
  const zombie = Number(line.toString());
  await until(() => !lives(zombie));
  await endGroup(zombie, Promise.resolve(), { eofMs: 60_000, termMs: 60_000, killMs: 60_000 });
  expect(lives(zombie)).toBe(false);
});

test('the steps come in their order', async () => {
  const script = "trap 'echo TERM' TERM; cat >/dev/null; echo EOF; while :; do sleep 0.05; done";
  const server = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(server, 'exit').then(() => undefined);
  let output = '';
  server.stdout.on('data', (chunk) => {
    output += chunk;
  });
  server.stdin.end();
  await until(() => output !== '');
  await endGroup(server.pid ?? 0, exited, { eofMs: 10, termMs: 2000, killMs: 10_000 });
  await exited;
  expect(output).toBe('EOF\nTERM\n');
  expect(server.signalCode).toBe('SIGKILL');
});
