/** Whoever has JSON files only never loads what the other formats need. */
import { expect, test, vi } from 'vitest';
import { formatOf, parseText } from './text.ts';

const loaded: string[] = [];
vi.mock('yaml', async (original) => {
  loaded.push('yaml');
  return await original();
});
vi.mock('toml-eslint-parser', async (original) => {
  loaded.push('toml-eslint-parser');
  return await original();
});

test('a library is loaded with the first text that needs it', async () => {
  const { readConfigText } = await import('./read.ts');
  await readConfigText('{"mcpServers": {} // none\n}', { file: 'a.json' });
  expect(loaded).toEqual([]);
  await parseText('a: 1', formatOf('a.yaml'));
  expect(loaded).toEqual(['yaml']);
  await parseText('a = 1', formatOf('a.toml'));
  expect(loaded).toEqual(['yaml', 'toml-eslint-parser']);
});
