import { expect, test } from 'vitest';
import { type ClientPort, createServerClient } from './client.ts';
import { createMethods } from './client-methods.ts';

const portOf = (request: ClientPort['request']): ClientPort => ({ checkWanted() {}, tellProgress() {}, request });
const nothing = portOf(() => Promise.reject(new Error('nothing is asked')));

test('a client has every method that can be loaded, and no other', () => {
  expect(Object.keys(createServerClient(nothing))).toEqual(Object.keys(createMethods(nothing)));
});

test('requests go out in the order in which they were made, the first of them included', async () => {
  const asked: unknown[] = [];
  const port = portOf(async (_wanted, method, _run, { params }) => {
    asked.push([method, params]);
    throw new Error('not answered');
  });
  const client = createServerClient(port);
  await Promise.allSettled([client.callTool('a'), client.listTools(), client.callTool('b', { x: 1 }), client.ping()]);
  expect(asked).toEqual([
    ['tools/call', { name: 'a', arguments: {} }],
    ['tools/list', {}],
    ['tools/call', { name: 'b', arguments: { x: 1 } }],
    ['ping', {}],
  ]);
});
