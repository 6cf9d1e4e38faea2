import { expect, test } from 'vitest';
import type { ListedTool } from '../../api.ts';
import { createSightings } from './sightings.ts';

const tool = (server: string, name: string, description = ''): ListedTool => ({
  ...{ server, name, description, qualifiedName: `${server}.${name}`, fetchedAt: 0, stale: false },
  inputSchema: { type: 'object' },
});
const source = (server: string, name: string) => ({ kind: 'definition', server, name });

test('what a server shows at first is no news, whenever that is', () => {
  const { news } = createSightings();
  expect(news([tool('a', 'x'), tool('a', 'y')])).toEqual([]);
  expect(news([tool('a', 'x'), tool('b', 'x')])).toEqual([]);
});

test('a tool that it adds is, and one that it describes in other words; once', () => {
  const { news } = createSightings();
  news([tool('a', 'x')]);
  const later = [tool('a', 'x', 'now do this'), tool('a', 'z')];
  expect(news(later)).toEqual([source('a', 'x'), source('a', 'z')]);
  expect(news(later)).toEqual([]);
});

test('a tool that was gone and comes back as it was is none', () => {
  const { news } = createSightings();
  news([tool('a', 'x'), tool('a', 'y')]);
  news([tool('a', 'x')]);
  expect(news([tool('a', 'x'), tool('a', 'y')])).toEqual([]);
});

test('names that are properties of every object are names like any other', () => {
  const { news } = createSightings();
  news([tool('constructor', '__proto__')]);
  expect(news([tool('constructor', '__proto__'), tool('constructor', 'toString')])).toEqual([
    source('constructor', 'toString'),
  ]);
});
