import { expect, test } from 'vitest';
import type { ListedTool } from '../../api.ts';
import { createSightings } from './sightings.ts';

const tool = (server: string, name: string, description = ''): ListedTool => ({
  ...{ server, name, description, qualifiedName: `${server}.${name}`, fetchedAt: 0, stale: false },
  inputSchema: { type: 'object' },
});
const source = (server: string, name: string) => ({ kind: 'definition', server, name });

test('what a server shows at first is no news, whenever that is', () => {
  const { news } = createSightings('salt');
  expect(news([tool('a', 'x'), tool('a', 'y')])).toEqual([]);
  expect(news([tool('a', 'x'), tool('b', 'x')])).toEqual([]);
});

test('a tool that it adds is, and one that it describes in other words; once', () => {
  const { news } = createSightings('salt');
  news([tool('a', 'x')]);
  const later = [tool('a', 'x', 'now do this'), tool('a', 'z')];
  expect(news(later)).toEqual([source('a', 'x'), source('a', 'z')]);
  expect(news(later)).toEqual([]);
});

test('a tool that was gone and comes back as it was is none', () => {
  const { news } = createSightings('salt');
  news([tool('a', 'x'), tool('a', 'y')]);
  news([tool('a', 'x')]);
  expect(news([tool('a', 'x'), tool('a', 'y')])).toEqual([]);
});

test('names that are properties of every object are names like any other', () => {
  const { news } = createSightings('salt');
  news([tool('constructor', '__proto__')]);
  expect(news([tool('constructor', '__proto__'), tool('constructor', 'toString')])).toEqual([
    source('constructor', 'toString'),
  ]);
});

test('what was seen can be stored: what is new afterwards is news', () => {
  const before = createSightings('salt');
  before.news([tool('a', 'x'), tool('constructor', 'x'), tool('__proto__', 'x')]);
  const stored = JSON.parse(JSON.stringify(before));
  const { news } = createSightings('salt', stored);
  expect(news([tool('a', 'x'), tool('constructor', 'x'), tool('__proto__', 'x'), tool('b', 'x')])).toEqual([]);
  const later = [tool('a', 'x', 'now do this'), tool('a', 'z'), tool('__proto__', 'z')];
  expect(news(later)).toEqual([source('a', 'x'), source('a', 'z'), source('__proto__', 'z')]);
  expect(createSightings('another', stored).news([tool('a', 'x')])).toEqual([source('a', 'x')]);
});
