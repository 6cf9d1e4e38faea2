import { describe, expect, test } from 'vitest';
import type { Tool } from '../protocol/types.ts';
import { createToolIndex, type SearchableList } from './index.ts';

const tool = (name: string, description = '', properties: object = {}): Tool => ({
  name,
  description,
  inputSchema: { type: 'object', properties },
});
const FILES: SearchableList = {
  server: 'files',
  tools: [
    tool('read_text_file', 'Reads the complete contents of a file as text', { path: {}, head: {} }),
    tool('writeFile', 'Creates a new file or overwrites one'),
    tool('list_directory', 'Lists what is in a folder, files included', { path: {} }),
  ],
};
const MAIL: SearchableList = {
  server: 'mail',
  tools: [tool('send', 'Sends a message', { recipient: { description: 'who gets the letter' } }), tool('archive')],
};

const found = (query: string, lists = [FILES, MAIL], limit = 10, admits = (_: string) => true) => {
  const index = createToolIndex();
  index.update(lists);
  return index.find(query, { limit, admits }).map((hit) => `${hit.server}.${hit.tool.name}`);
};

describe('what is found', () => {
  test.each([
    ['read file', 'files.read_text_file'],
    ['read_text_file', 'files.read_text_file'],
    ['directories', 'files.list_directory'],
    ['messages to recipients', 'mail.send'],
    ['files.writeFile', 'files.writeFile'],
    ['overwrites', 'files.writeFile'],
    ['recipient', 'mail.send'],
    ['letter', 'mail.send'],
    ['mesage', 'mail.send'],
    ['direct', 'files.list_directory'],
    ['MAIL archive', 'mail.archive'],
  ])('%s', (query, best) => {
    expect(found(query)[0]).toBe(best);
  });

  test('nothing, for words that no tool has, and for no words', () => {
    expect(found('zebra')).toEqual([]);
    expect(found(' !? ')).toEqual([]);
  });

  test('a name counts more than a description', () => {
    const lists = [{ server: 's', tools: [tool('a', 'search search search'), tool('search', 'b')] }];
    expect(found('search', lists)).toEqual(['s.search', 's.a']);
  });

  test('a rare word counts more than a common one', () => {
    const common = Array.from({ length: 20 }, (_, at) => tool(`get_${at}x`));
    const lists = [{ server: 's', tools: [...common, tool('get_invoice')] }];
    expect(found('get invoice', lists)[0]).toBe('s.get_invoice');
  });

  test('no more than the limit, and of the servers that are admitted', () => {
    expect(found('file', [FILES, MAIL], 1)).toHaveLength(1);
    expect(found('send file', [FILES, MAIL], 10, (server) => server === 'mail')).toEqual(['mail.send']);
  });

  test('of tools that fit equally well the first listed one, also where the limit cuts', () => {
    const same = (server: string) => ({ server, tools: [tool('x_a', 'same'), tool('x_b', 'same')] });
    expect(found('same', [same('two'), same('one')], 3)).toEqual(['two.x_a', 'two.x_b', 'one.x_a']);
  });
});

describe('what changes', () => {
  test('new lists replace old ones, and servers that left are forgotten', () => {
    const index = createToolIndex();
    const names = (query: string) => index.find(query, { limit: 10, admits: () => true }).map((hit) => hit.tool.name);
    index.update([FILES, MAIL]);
    index.update([{ server: 'files', tools: [tool('shred_file')] }, MAIL]);
    expect(names('file')).toEqual(['shred_file']);
    expect(names('archive')).toEqual(['archive']);
    index.update([MAIL]);
    expect(names('file')).toEqual([]);
    index.update([FILES, MAIL]);
    expect(names('archive')).toEqual(['archive']);
    expect(names('read')[0]).toBe('read_text_file');
  });
});

test('what servers write where texts belong breaks nothing', () => {
  const odd = {
    name: 'constructor',
    title: 7,
    description: { a: 1 },
    inputSchema: { properties: { __proto__: 1, toString: null, valueOf: { description: ['x'] } } },
  } as unknown as Tool;
  const lists = [{ server: '__x', tools: [odd, { name: 'bare', inputSchema: null } as unknown as Tool] }];
  expect(found('constructor', lists)).toEqual(['__x.constructor']);
  expect(found('valueOf', lists)).toEqual(['__x.constructor']);
  expect(found('proto hasOwnProperty', lists)).toEqual([]);
});
