import { expect, test } from 'vitest';
import { doubtful, named, said } from '../../test/fixtures/calls.ts';
import { failure, toolkitOf } from '../../test/fixtures/toolkits.ts';
import type { ServerConfig } from '../options.ts';

const KEY = { idempotencyKey: 'k' };
const SAFE: Partial<ServerConfig> = { retrySafe: ['who'], retry: false };

test('a broadcast under one idempotency key asks every server, and once', async () => {
  const [a, b] = [named('a', { group: 'docs' }), named('b', { group: 'docs' })];
  const toolkit = await toolkitOf({ a, b });
  for (let time = 0; time < 2; time += 1) {
    const outcomes = await toolkit.broadcast('who', {}, KEY);
    expect([outcomes.a, outcomes.b].map((outcome) => outcome?.result && said(outcome.result))).toEqual(['a', 'b']);
  }
  expect([a.had().length, b.had().length]).toEqual([1, 1]);
});

test.each([
  ['by its name', { fallback: 'b' }, {}],
  ['as a member of the group', {}, { group: 'docs' }],
])('under an idempotency key another server stands in %s, where it may', async (_, options, config) => {
  const [a, b] = [doubtful({ ...SAFE, ...config }), named('b', { ...SAFE, ...config })];
  const toolkit = await toolkitOf({ a, b });
  for (let time = 0; time < 2; time += 1)
    expect(said(await toolkit.callTool('a.who', {}, { ...KEY, ...options }))).toBe('b');
  expect([a.had().length, b.had().length]).toEqual([1, 1]);
});

test.each([
  ['by its name', 'a.who', { fallback: 'b' }, {}],
  ['as a member of the group', 'a.who', {}, { group: 'docs' }],
  ['for a bare name', 'who', {}, { group: 'docs' }],
])(
  'a doubt under an idempotency key stays one: no other server stands in %s when it is asked again',
  async (_, name, options, config) => {
    const [a, b] = [doubtful(config), named('b', config)];
    const toolkit = await toolkitOf({ a, b });
    for (let time = 0; time < 2; time += 1)
      expect(await failure(toolkit.callTool(name, {}, { ...KEY, ...options }))).toMatchObject({
        code: 'outcome_unknown',
        executed: 'unknown',
      });
    expect([a.had().length, b.had().length]).toEqual([1, 0]);
  },
);
