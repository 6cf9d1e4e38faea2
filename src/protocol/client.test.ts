import { expect, test } from 'vitest';
import { createServerClient, type RunRequest } from './client.ts';
import { createMethods } from './client-methods.ts';

const nothing: RunRequest = () => Promise.reject(new Error('nothing is asked'));

test('a client has every method that can be loaded, and no other', () => {
  expect(Object.keys(createServerClient(nothing))).toEqual(Object.keys(createMethods(nothing)));
});

test('requests go out in the order in which they were made, the first of them included', async () => {
  const asked: unknown[] = [];
  const run: RunRequest = async ({ method, params }) => {
    asked.push([method, params]);
    throw new Error('not answered');
  };
  const client = createServerClient(run);
  await Promise.allSettled([client.callTool('a'), client.listTools(), client.callTool('b', { x: 1 }), client.ping()]);
  expect(asked).toEqual([
    ['tools/call', { name: 'a', arguments: {} }],
    ['tools/list', {}],
    ['tools/call', { name: 'b', arguments: { x: 1 } }],
    ['ping', {}],
  ]);
});
