/** The last line of a terminal, drawn again and again in place, as fast as the terminal takes it and no faster. */
import type { Sink } from './command.ts';
import type { Screen } from './screen.ts';

export interface RedrawnLine {
  /** Draws what `text` gives by then; none takes the line away. */
  redraw(): void;
  /** Makes room while something else is written. */
  aside(write: () => Promise<void>): Promise<void>;
  /** Takes the line away for good. */
  end(): Promise<void>;
}

export interface RedrawnLineOptions {
  sink: Sink;
  /** Makes room for what is asked and told meanwhile. */
  screen?: Pick<Screen, 'add'>;
  /** Must have passed `safeLine`. */
  text(): string | undefined;
}

const CLEAR = `\r${String.fromCharCode(27)}[2K`;

export const createRedrawnLine = ({ sink, screen, text }: RedrawnLineOptions): RedrawnLine => {
  let drawing: Promise<void> | undefined;
  let isDrawing = false;
  let stale = false;
  let drawn = false;
  let paused = 0;
  let ended = false;

  const draw = async (): Promise<void> => {
    isDrawing = true;
    while (stale && paused === 0 && !ended) {
      stale = false;
      const line = text();
      if (line === undefined && !drawn) continue;
      drawn = line !== undefined;
      await sink.write(CLEAR + (line ?? ''));
    }
    isDrawing = false;
  };
  const redraw = (): void => {
    stale = true;
    if (paused === 0 && !isDrawing) drawing = draw();
  };
  const pause = async (): Promise<void> => {
    paused += 1;
    await clear();
  };
  const resume = (): void => {
    paused -= 1;
    redraw();
  };
  const clear = async (): Promise<void> => {
    await drawing;
    if (drawn) await sink.write(CLEAR);
    drawn = false;
  };
  const leave = screen?.add({ pause, resume });

  return {
    redraw,
    async aside(write) {
      await pause();
      try {
        await write();
      } finally {
        resume();
      }
    },
    async end() {
      ended = true;
      leave?.();
      await clear();
    },
  };
};
