import { expect, test } from 'vitest';
import { callFor, settled } from '../../test/fixtures/scripted-peer.ts';
import { guarded } from '../events.ts';
import type { Session } from '../protocol/session.ts';
import { createSubscriptions } from './subscriptions.ts';

/** The server answers each request when the test says so. */
const world = () => {
  const asked: { method: string; agree: () => void; refuse: () => void }[] = [];
  const answer = (method: string) => () =>
    new Promise<void>((resolve, reject) => {
      asked.push({ method, agree: resolve, refuse: () => reject(new Error('refused')) });
    });
  const session = { subscribe: answer('subscribe'), unsubscribe: answer('unsubscribe') } as unknown as Session;
  const subscriptions = createSubscriptions({
    server: 's',
    guarded,
    request: (method, run) => run(session, callFor(method)),
    onWarning: () => {},
  });
  return { subscriptions, asked };
};
const settledYet = (promise: Promise<unknown>): (() => string) => {
  let state = 'pending';
  promise.then(
    () => {
      state = 'agreed';
    },
    () => {
      state = 'refused';
    },
  );
  return () => state;
};

test('a second subscriber waits for the same word of the server as the first', async () => {
  const { subscriptions, asked } = world();
  const heard: string[] = [];
  const first = settledYet(subscriptions.add('u', () => heard.push('first')));
  const second = settledYet(subscriptions.add('u', () => heard.push('second')));
  await settled();
  expect([asked.length, first(), second()]).toEqual([1, 'pending', 'pending']);
  asked[0]?.agree();
  await settled();
  expect([first(), second()]).toEqual(['agreed', 'agreed']);
  subscriptions.updated('u');
  expect(heard).toEqual(['first', 'second']);
});

test('a refusal is the answer to both, and the next one asks again', async () => {
  const { subscriptions, asked } = world();
  const heard: string[] = [];
  const both = [1, 2].map((each) => settledYet(subscriptions.add('u', () => heard.push(`refused ${each}`))));
  asked[0]?.refuse();
  await settled();
  expect(both.map((state) => state())).toEqual(['refused', 'refused']);
  const third = settledYet(subscriptions.add('u', () => heard.push('third')));
  asked[1]?.agree();
  await settled();
  expect(third()).toBe('agreed');
  subscriptions.updated('u');
  expect(heard).toEqual(['third']);
});
