import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folder } from '../../test/fixtures/cli/world.ts';
import { createToolkit } from '../node/index.ts';
import type { Session } from './command.ts';
import { followFiles } from './follow.ts';

const fixture = new URL('../../test/fixtures/cli/server.js', import.meta.url).pathname;
const server = (more: object = {}) => ({ command: process.execPath, args: [fixture], ...more });

test('a session that lasts has the servers of its files, and says what has changed', async () => {
  const cwd = folder();
  const write = (servers: object) => writeFileSync(join(cwd, 'a.json'), JSON.stringify({ mcpServers: servers }));
  const seen: string[] = [];
  const saw = async (text: string) => {
    const end = Date.now() + 10_000;
    while (!seen.some((line) => line.includes(text))) {
      if (Date.now() > end) throw new Error(`${text} was not said: ${JSON.stringify(seen)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const made = { one: server({ timeoutMs: 9 }), adhoc: server() };
  write({ one: server() });
  const toolkit = await createToolkit({ mcpServers: made, connect: 'wait' });
  const servers = ['one', 'adhoc'];
  const session = { toolkit, servers, config: { mcpServers: { ...made } } } as unknown as Session;
  const stop = await followFiles(
    {
      session,
      files: { files: ['a.json'], cwd, env: { ...process.env, TOOLWAY_STATE_DIR: join(cwd, 's') } },
      named: undefined,
      forThisRun: (config) => ({ ...config, timeoutMs: 9 }),
    },
    async (text) => void seen.push(text),
  );
  onTestFinished(async () => {
    await stop();
    await toolkit.close();
  });
  const { pid } = toolkit.status().one ?? {};

  write({ one: server(), 'evil\u202e': server() });
  await saw('the configuration has changed: added evil-');
  expect(servers).toEqual(['one', expect.stringMatching(/^evil-/), 'adhoc']);
  expect(Object.keys(session.config.mcpServers)).toEqual(servers);
  expect(Object.keys(toolkit.status()).sort()).toEqual([...servers].sort());
  expect(toolkit.status().one?.pid).toBe(pid);

  writeFileSync(join(cwd, 'a.json'), '{"mcpServers": {\u001b');
  await saw('a name in double quotes is expected');
  expect(seen.at(-1)).toContain('what was there before goes on');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be there
  expect(seen.join('')).not.toMatch(/[\u001b\u202e]/);

  rmSync(join(cwd, 'a.json'));
  write({ one: server({ env: { A: 'b' } }) });
  await saw('removed evil-');
  await saw('changed one');
  expect(servers).toEqual(['one', 'adhoc']);
});
