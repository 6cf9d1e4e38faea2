import { expect, test } from 'vitest';
import type { Toolkit } from '../../api.ts';
import type { ToolkitOptions } from '../../options.ts';
import { createKeptToolkits } from './kept.ts';

type Heard = (event: { blocked: boolean }) => void;

const world = () => {
  const open = new Set<string>();
  const drifts: Heard[] = [];
  let made = 0;
  const kept = createKeptToolkits({
    idleMs: 600_000,
    closed() {},
    async create(options: ToolkitOptions) {
      made += 1;
      const name = `${Object.values(options.mcpServers ?? {})[0]?.command} ${made}`;
      open.add(name);
      return {
        use() {},
        on(_event: string, handler: Heard) {
          drifts.push(handler);
          return () => {};
        },
        status: () => ({}),
        async close() {
          open.delete(name);
        },
      } as unknown as Toolkit;
    },
  });
  const take = (command: string, { files = [] as string[], env = {} as Record<string, string>, cwd = '/' } = {}) => {
    const mcpServers = { s: { command } };
    return kept.take({
      options: { mcpServers, env },
      source: { mcpServers, files, inputs: [] },
      launch: { cwd, env },
      signal: new AbortController().signal,
    });
  };
  return { kept, take, open, drifts };
};

test('lines share a toolkit where nothing that counts differs', async () => {
  const { take, open } = world();
  await take('a');
  await take('a', { env: { UNHEARD: '1' } });
  expect([...open]).toEqual(['a 1']);
  await take('a', { env: { PATH: '/other' } });
  await take('a', { cwd: '/other' });
  await take('${A}', { env: { A: '1' } });
  await take('${A}', { env: { A: '2' } });
  await take('${A:-${B}}', { env: { B: '2' } });
  expect(open.size).toBe(6);
});

test('of 33 toolkits the one that was not used for longest is closed; those in use stay', async () => {
  const { kept, take, open } = world();
  await take('in use');
  for (let index = 0; index < 32; index += 1) await (await take(`c${index}`)).close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(open.size).toBe(32);
  expect(open.has('in use 1')).toBe(true);
  expect(open.has('c0 2')).toBe(false);
  await kept.close();
  expect(open.size).toBe(0);
});

test('what was changed in a file is closed when its last line has ended', async () => {
  const { take, open } = world();
  const before = await take('a', { files: ['f'] });
  await take('b', { files: ['f'] });
  expect([...open]).toEqual(['a 1', 'b 2']);
  await before.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect([...open]).toEqual(['b 2']);
});

test('a tool that is held back because it has changed is looked at anew by the next line', async () => {
  const { take, open, drifts } = world();
  const line = await take('a');
  drifts[0]?.({ blocked: false });
  await take('a').then((again) => again.close());
  expect(open.size).toBe(1);
  drifts[0]?.({ blocked: true });
  await line.close();
  await take('a');
  await new Promise((resolve) => setImmediate(resolve));
  expect([...open]).toEqual(['a 2']);
});
