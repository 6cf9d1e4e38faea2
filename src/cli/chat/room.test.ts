import { expect, test } from 'vitest';
import type { StatusLine } from '../screen.ts';
import { createRoom } from './room.ts';

test('what is written waits while somebody is asked, and asking waits for what is being written', async () => {
  let line: StatusLine | undefined;
  const happened: string[] = [];
  const room = createRoom({
    add(added) {
      line = added;
      return () => {};
    },
  });
  room.add({ pause: async () => void happened.push('paused'), resume: () => void happened.push('resumed') });
  let finish = (): void => {};
  const first = room.print(
    () =>
      new Promise((resolve) => {
        finish = () => {
          happened.push('first');
          resolve();
        };
      }),
  );
  const asking = line?.pause();
  const second = room.print(async () => void happened.push('second'));
  finish();
  await Promise.all([first, asking]);
  expect(happened).toEqual(['first', 'paused']);
  line?.resume();
  await second;
  expect(happened).toEqual(['first', 'paused', 'resumed', 'second']);
});
