/** Writes lines to a stream: one write for all that were pushed in one turn, and nothing while the stream is full. */
import type { Writable } from 'node:stream';
import type { RequestId } from '../protocol/wire.ts';

export interface Outbox {
  /** Takes one line without its newline; `id` where it is a request. False, and not taken, when too much waits already. */
  push(line: string, id?: RequestId): boolean;
  /** Writes at once what the stream accepts, instead of at the end of this turn. */
  flush(): void;
  /** Gives up what was not written: the ids of those requests, of which no byte has left. */
  giveUp(): RequestId[];
}

export interface OutboxOptions {
  /** Characters of text that may wait for a peer that does not read. Default 64 Mi. */
  maxWaitingChars?: number;
}

/** So large a write fails or succeeds as a whole: requests behind it are known not to have left. */
const WRITE_CHARS = 64 * 1024;

export const createOutbox = (stream: Writable, { maxWaitingChars = 64 * 2 ** 20 }: OutboxOptions = {}): Outbox => {
  let lines: string[] = [];
  let ids: (RequestId | undefined)[] = [];
  let written = 0;
  let waitingChars = 0;
  let scheduled = false;
  let full = false;

  /** How many of the waiting lines go into the next write: as many as fit, and at least one. */
  const nextWrite = (): number => {
    if (waitingChars <= WRITE_CHARS) return lines.length;
    let chars = 0;
    for (let i = written; i < lines.length; i += 1) {
      chars += (lines[i] as string).length;
      if (chars > WRITE_CHARS && i > written) return i;
    }
    return lines.length;
  };
  const empty = (): void => {
    lines = [];
    ids = [];
    written = 0;
    waitingChars = 0;
  };
  const flush = (): void => {
    scheduled = false;
    while (!full && written < lines.length && stream.writable) {
      const end = nextWrite();
      const batch = written === 0 && end === lines.length ? lines : lines.slice(written, end);
      const text = `${batch.join('\n')}\n`;
      written = end;
      waitingChars -= text.length - batch.length;
      if (written === lines.length) empty();
      full = !stream.write(text);
    }
  };
  stream.on('drain', () => {
    full = false;
    flush();
  });

  return {
    push(line, id) {
      if (waitingChars + line.length > maxWaitingChars) return false;
      waitingChars += line.length;
      lines.push(line);
      ids.push(id);
      if (!scheduled && !full) {
        scheduled = true;
        setImmediate(flush);
      }
      return true;
    },
    flush,
    giveUp() {
      const unsent = ids.slice(written).filter((id) => id !== undefined);
      empty();
      return unsent;
    },
  };
};
