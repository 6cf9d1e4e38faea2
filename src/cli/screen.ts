/** What stands at the bottom of a terminal while a command works, and who may write there: one at a time. */
import type { CliContext, Question, Reply, Terminal } from './command.ts';

/** A line that is redrawn in place, and makes room for others. */
export interface StatusLine {
  /** Takes the line away until `resume`. */
  pause(): Promise<void>;
  resume(): void;
}

/** Asks for one line; one after the other within a conversation. */
export type Ask = (question: Question) => Promise<Reply>;

export interface Screen {
  /** True where a person can be asked. */
  readonly interactive: boolean;
  /** While it is on the screen, the line makes room for everything else. Gives the means to take it off. */
  add(line: StatusLine): () => void;
  /** Writes remarks above whatever stands at the bottom. */
  note(text: string): Promise<void>;
  /** Talks with the person, who hears nobody else meanwhile. Throws where there is nobody. */
  converse<T>(talk: (ask: Ask) => Promise<T>): Promise<T>;
  /** The terminal; there only where the screen is interactive. */
  terminal(): Promise<Terminal>;
}

export const createScreen = ({ stderr, terminal }: Pick<CliContext, 'stderr' | 'terminal'>): Screen => {
  let line: StatusLine | undefined;
  let opened: Promise<Terminal> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let isAsking = false;
  const open = (): Promise<Terminal> => {
    if (terminal === undefined) return Promise.reject(new Error('there is no terminal'));
    opened ??= terminal();
    return opened;
  };
  const converse = async <T>(talk: (ask: Ask) => Promise<T>): Promise<T> => {
    const { read } = await open();
    const paused = line;
    await paused?.pause();
    isAsking = true;
    try {
      return await talk(read);
    } finally {
      isAsking = false;
      paused?.resume();
    }
  };

  return {
    interactive: terminal !== undefined,
    terminal: open,
    add(added) {
      line = added;
      return () => {
        if (line === added) line = undefined;
      };
    },
    async note(text) {
      if (opened !== undefined) {
        const { above } = await opened;
        // A question that begins or ends meanwhile counts its own pause.
        const paused = isAsking ? undefined : line;
        await paused?.pause();
        above(text);
        paused?.resume();
        return;
      }
      const paused = line;
      await paused?.pause();
      await stderr.write(text.endsWith('\n') ? text : `${text}\n`);
      paused?.resume();
    },
    converse(talk) {
      const mine = turn.then(() => converse(talk));
      turn = mine.catch(() => {});
      return mine;
    },
  };
};
