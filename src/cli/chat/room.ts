/** Room for one thing at a time: what a model writes waits while the person is asked, and goes on afterwards. */
import type { Screen } from '../screen.ts';

export interface Room extends Pick<Screen, 'add'> {
  /** Writes once nothing is asked. */
  print(write: () => Promise<void>): Promise<void>;
}

/** A status line that is added to it makes the room, as it does on the screen. */
export const createRoom = (screen: Pick<Screen, 'add'>): Room => {
  let paused = 0;
  let free = (): void => {};
  let freed = Promise.resolve();
  let printing = Promise.resolve();
  return {
    add: (line) =>
      screen.add({
        async pause() {
          if (paused === 0)
            freed = new Promise((resolve) => {
              free = resolve;
            });
          paused += 1;
          // A failure is for who prints.
          await printing.catch(() => {});
          await line.pause();
        },
        resume() {
          line.resume();
          paused -= 1;
          if (paused === 0) free();
        },
      }),
    async print(write) {
      while (paused > 0) await freed;
      printing = write();
      await printing;
    },
  };
};
