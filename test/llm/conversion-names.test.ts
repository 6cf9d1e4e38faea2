/** Names that a model is shown: never the same for two tools, always within what the provider takes, always found again. */
import { describe, expect, test } from 'vitest';
import { nameTools } from '../../src/llm/conversion/names.ts';
import { type ConvertibleTool, convertTools, profileOf, toolProfiles } from '../../src/llm/index.ts';
import { randomOf } from '../fixtures/llm/schemas.ts';

const profiles = await Promise.all(toolProfiles.map((id) => profileOf(id)));
const PAIRS = 100_000;

const PARTS = [
  ...['get', 'Get', 'GET', 'list', 'a', 'A', '_', '__', '-', '--', '.', '..', '1', '42', ' ', '/', ':'],
  ...['größe', 'ß', 'é', 'e\u0301', '取得', '🙂', '\ud83d', '\u202e', 'x'.repeat(40), 'y'.repeat(70), 'Z'.repeat(130)],
];
const SERVERS = [
  '',
  's',
  'S',
  'files',
  'my-server',
  'a_b',
  'a',
  'a-b',
  '1st',
  'größe',
  'web',
  'server-with-a-very-long-name-of-its-own',
];

/** As many pairs of a server and a tool as are wanted, each once, that differ by as little as names can. */
const pairs = (count: number): { server: string; name: string }[] => {
  const random = randomOf(7);
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
  const found = new Map<string, { server: string; name: string }>();
  while (found.size < count) {
    const name = Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(PARTS)).join('');
    const pair = { server: pick(SERVERS), name };
    found.set(JSON.stringify(pair), pair);
  }
  return [...found.values()];
};

const toolOf = ({ server, name }: { server: string; name: string }): ConvertibleTool => ({
  server,
  name,
  qualifiedName: `${server}.${name}`,
  inputSchema: { type: 'object' },
});

describe.each(profiles)('for $id', (profile) => {
  test(`${PAIRS} tools have as many names, and the provider takes each`, () => {
    const tools = pairs(PAIRS);
    const names = nameTools(tools, profile.name, ['run_code', 'a__get']);
    expect(new Set(names).size).toBe(PAIRS);
    const expression = new RegExp(`^(?:${profile.name.pattern})$`);
    const taken = ['run_code', 'a__get', ...(profile.name.reserved ?? [])];
    expect(names.filter((name) => name.length > profile.name.max || !expression.test(name))).toEqual([]);
    expect(names.filter((name) => taken.includes(name))).toEqual([]);
  });

  test('a name leads back to its tool, and any other to none', () => {
    const tools = pairs(3_000).map(toolOf);
    const conversion = convertTools(tools, profile);
    expect(conversion.tools.map(({ name }) => conversion.find(name)?.qualifiedName)).toEqual(
      tools.map(({ qualifiedName }) => qualifiedName),
    );
    expect(conversion.find('s__none_of_these')).toBeUndefined();
    expect(conversion.find('constructor')).toBeUndefined();
  });

  test('a name does not hang on the other tools, nor on their order', () => {
    const tools = pairs(500);
    const names = nameTools(tools, profile.name);
    const reversed = nameTools([...tools].reverse(), profile.name).reverse();
    expect(reversed).toEqual(names);
    expect(tools.map((tool) => nameTools([tool], profile.name)[0])).toEqual(names);
  });
});

test('what fits is told as it is, what does not keeps a readable stem', async () => {
  const { name } = await profileOf('anthropic');
  const named = (server: string, tool: string): string | undefined => nameTools([{ server, name: tool }], name)[0];
  expect(named('files', 'read_file')).toBe('files__read_file');
  expect(named('my-files', 'read-file')).toBe('my-files__read-file');
  expect(named('files', 'read.file')).toMatch(/^files__read_file_[0-9a-v]{8}$/);
  expect(named('files', 'x'.repeat(100))).toMatch(/^files__x{48}_[0-9a-v]{8}$/);
  expect(named('server-with-a-very-long-name-of-its-own-indeed', 'create_a_new_issue')).toMatch(
    /^server_with_a_very_l__create_a_new_issue_[0-9a-v]{8}$/,
  );
});

test('a server cannot take the name of the tool of another one', async () => {
  const { name } = await profileOf('anthropic');
  const [long] = nameTools([{ server: 'files', name: 'read.file' }], name);
  const rogue = { server: 'files', name: (long ?? '').slice('files__'.length) };
  const names = nameTools([{ server: 'files', name: 'read.file' }, rogue], name);
  expect(new Set(names).size).toBe(2);
});

test('names that nobody sees the difference of stay apart, over 50 servers that all have them, each twice', async () => {
  const odd = [
    'get',
    'g\u200bet',
    'get\u200d',
    '\u202eteg',
    'gеt',
    'ｇet',
    'GET',
    'get'.repeat(1_000),
    '',
    '__proto__',
    '\0',
  ];
  const servers = Array.from({ length: 50 }, (_, at) => `server${at}`);
  const tools = servers.flatMap((server) => [...odd, ...odd].map((name) => ({ server, name }))).map(toolOf);
  for (const id of ['gemini', 'openai-agents', 'common']) {
    const profile = await profileOf(id);
    const { tools: converted, find } = convertTools(tools, profile);
    expect(new Set(converted.map(({ name }) => name)).size).toBe(tools.length);
    expect(converted.every(({ name }) => /^[\x21-\x7e]{1,64}$/.test(name))).toBe(true);
    expect(converted.map(({ name }) => find(name)?.qualifiedName)).toEqual(
      tools.map(({ qualifiedName }) => qualifiedName),
    );
  }
});

test('a tool that is given 30 000 times has as many names', async () => {
  const { name } = await profileOf('common');
  const names = nameTools(
    Array.from({ length: 30_000 }, () => ({ server: 's', name: 'same' })),
    name,
  );
  expect(new Set(names).size).toBe(30_000);
});
