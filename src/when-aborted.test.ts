import { getEventListeners } from 'node:events';
import { expect, test, vi } from 'vitest';
import { scriptedServer, text } from '../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../test/fixtures/toolkits.ts';
import { whenAborted } from './when-aborted.ts';

const listeners = ({ signal }: AbortController): number => getEventListeners(signal, 'abort').length;

test('many who wait for a signal are one listener, called back in order with its reason', () => {
  const controller = new AbortController();
  const told: unknown[] = [];
  const stops = [1, 2, 3].map((who) => whenAborted(controller.signal, (reason) => told.push([who, reason])));
  stops[1]?.();
  expect(listeners(controller)).toBe(1);
  controller.abort('enough');
  expect(told).toEqual([
    [1, 'enough'],
    [3, 'enough'],
  ]);
});

test('nobody listens once the last one has left, and whoever comes after that is heard', () => {
  const controller = new AbortController();
  const told: string[] = [];
  const first = whenAborted(controller.signal, () => told.push('first'));
  first?.();
  expect(listeners(controller)).toBe(0);
  whenAborted(controller.signal, () => told.push('second'));
  first?.();
  expect(listeners(controller)).toBe(1);
  controller.abort();
  expect(told).toEqual(['second']);
});

test('twenty calls, lists and questions with one signal are one listener each, and none is left when they are over', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const most = vi.fn();
  const server = scriptedServer({
    ask: () => {
      most(listeners(controller));
      return text('hi');
    },
    hang: () => undefined,
  });
  const toolkit = await toolkitOf(
    { s: server },
    {
      policy: { default: 'ask' },
      onApprove: () => {
        most(listeners(controller));
        return true;
      },
    },
  );
  const twenty = Array.from({ length: 20 });
  await Promise.all(twenty.flatMap(() => [toolkit.callTool('s.ask', {}, { signal }), toolkit.listTools({ signal })]));
  expect(Math.max(...most.mock.calls.flat())).toBe(1);
  expect(listeners(controller)).toBe(0);
  const hanging = twenty.map(() => failure(toolkit.callTool('s.hang', {}, { signal })));
  await expect.poll(() => server.latest().requests('tools/call').length).toBe(40);
  expect(listeners(controller)).toBe(1);
  controller.abort();
  expect((await Promise.all(hanging)).map(({ code }) => code)).toEqual(twenty.map(() => 'cancelled'));
});

test('a signal that is none of the platform’s is heard alike', () => {
  const heard: unknown[] = [];
  const listeners = new Set<() => void>();
  const signal = {
    aborted: false,
    reason: 'gone',
    addEventListener: (_type: string, listener: () => void) => void listeners.add(listener),
    removeEventListener: (_type: string, listener: () => void) => void listeners.delete(listener),
  } as unknown as AbortSignal;
  const stop = whenAborted(signal, (reason) => heard.push(['first', reason]));
  whenAborted(signal, (reason) => heard.push(['second', reason]));
  stop();
  for (const listener of listeners) listener();
  expect(heard).toEqual([['second', 'gone']]);
});
