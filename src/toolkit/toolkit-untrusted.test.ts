import { expect, test } from 'vitest';
import { scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../../test/fixtures/toolkits.ts';
import type { ServerConfig } from '../options.ts';

const server = () => scriptedServer({ echo: () => text('hi') });

test.each<[string, Partial<ServerConfig>]>([
  ['in plain words', {}],
  ['in the words of another host', { alwaysAllow: ['echo'], type: 'http' } as Partial<ServerConfig>],
])('a server that nobody agreed to, %s, is neither expanded nor reached, and stops no other', async (_, more) => {
  const known = server();
  const opened: string[] = [];
  const toolkit = await toolkitOf(
    { ok: known },
    {
      connect: 'wait',
      env: new Proxy({}, { get: (_target, name) => void opened.push(`read ${String(name)}`) }),
      mcpServers: {
        ok: known.config,
        found: { url: 'http://127.0.0.1:9/${TOKEN}', headers: { A: '${TOKEN}' }, untrusted: true, ...more },
      },
    },
  );
  expect(toolkit.status()).toMatchObject({
    ok: { state: 'connected' },
    found: { state: 'untrusted', connected: false, transport: 'http', lastError: { code: 'denied' } },
  });
  for (const attempt of [
    () => toolkit.callTool('found.x'),
    () => toolkit.reconnect('found'),
    () => toolkit.ping('found'),
  ]) {
    expect(await failure(attempt())).toMatchObject({
      code: 'denied',
      executed: 'no',
      server: 'found',
      message: expect.stringContaining('"toolway trust found" shows it and asks'),
    });
  }
  expect((await toolkit.listTools()).map(({ qualifiedName }) => qualifiedName)).toEqual(['ok.echo']);
  expect(await toolkit.callTool('echo')).toEqual(text('hi'));
  expect(opened).toEqual([]);
  await toolkit.close();
  expect(toolkit.status().found?.state).toBe('closed');
});

test('it is untrusted before anybody asks for it', async () => {
  const toolkit = await toolkitOf({}, { connect: 'lazy', mcpServers: { found: { command: 'x', untrusted: true } } });
  expect(toolkit.status().found).toMatchObject({ state: 'untrusted', transport: 'stdio' });
});
