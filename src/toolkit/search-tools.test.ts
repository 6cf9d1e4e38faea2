import { expect, test } from 'vitest';
import { scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../../test/fixtures/toolkits.ts';

const servers = () => {
  const files = scriptedServer({ read_file: () => text('read'), write_file: () => text('written') });
  files.definitions.read_file = { description: 'Reads a file' };
  const mail = scriptedServer({ send: () => text('sent') }, { disabledTools: ['purge'] });
  mail.definitions.send = { description: 'Sends a file to someone' };
  return { files, mail };
};

test('searchTools gives the tools of all servers that fit, best first, as the lists have them', async () => {
  const toolkit = await toolkitOf(servers());
  const [best, ...others] = await toolkit.searchTools('read file');
  const [listed] = await toolkit.listTools({ server: 'files' });
  expect(best).toEqual({ ...listed, score: expect.any(Number) });
  expect(others.map(({ qualifiedName }) => qualifiedName)).toEqual(['files.write_file', 'mail.send']);
  expect(await toolkit.searchTools('file', { server: 'mail' })).toMatchObject([{ qualifiedName: 'mail.send' }]);
  expect(await toolkit.searchTools('file', { limit: 2 })).toHaveLength(2);
  expect(await toolkit.searchTools('')).toEqual([]);
});

test('a list that changed is searched as it is now', async () => {
  const all = servers();
  const toolkit = await toolkitOf(all);
  expect(await toolkit.searchTools('shred')).toEqual([]);
  all.files.tools.shred = () => text('gone');
  await toolkit.reconnect('files');
  expect(await toolkit.searchTools('shred')).toMatchObject([{ qualifiedName: 'files.shred' }]);
  await toolkit.removeServer('files');
  expect(await toolkit.searchTools('shred')).toEqual([]);
});

test('what is no query, no limit or no server is refused', async () => {
  const toolkit = await toolkitOf(servers());
  expect(await failure(toolkit.searchTools(7 as never))).toMatchObject({ code: 'invalid_arguments' });
  expect(await failure(toolkit.searchTools('a', { limit: 0 }))).toMatchObject({ code: 'invalid_arguments' });
  expect(await failure(toolkit.searchTools('a', { server: 'fils' }))).toMatchObject({ code: 'unknown_server' });
});
