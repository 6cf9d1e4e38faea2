/**
 * What a batch has on disk: a journal of what was begun, and the results. A call is begun on disk before it is handed
 * over, so that whatever a crash leaves open is known; a result is on disk before the journal says that it is there.
 */
import { ToolwayError } from '../../errors.ts';

/** As much of a file handle of Node as is needed here. */
export interface LedgerFile {
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** A file that grows at its end. */
export interface GrowingFile {
  file: LedgerFile;
  path: string;
  /** How much of it counts. */
  size: number;
}

/** The records of the journal beside its head. `unsent`: begun, and certainly never handed over. */
export type JournalRecord = { begin: number } | { end: number } | { unsent: number };

export interface Ledger {
  /** Resolves when it is on disk that the line was begun, or with `false` when that cannot be written: then it must not be. */
  begin(line: number): Promise<boolean>;
  /** It was begun and was not handed over: the next run does it. */
  unsent(line: number): Promise<void>;
  /** Resolves when the result of a line is on disk, or with `false` when it cannot be written: then it is still in the caller's hands. */
  settle(line: number, result: string): Promise<boolean>;
  /** Why nothing more is begun: a file could not be written. */
  readonly failure: ToolwayError | undefined;
  close(): Promise<void>;
}

interface Pending {
  record: JournalRecord | undefined;
  result: string | undefined;
  done(written: boolean): void;
}

/** Appends to a file, whole or not at all. */
const append = async (to: GrowingFile, text: string): Promise<void> => {
  const bytes = Buffer.from(text, 'utf8');
  try {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await to.file.write(bytes, at, bytes.length - at, to.size + at);
      at += bytesWritten;
    }
    await to.file.datasync();
  } catch (error) {
    // A disk that is full takes the beginning of what it was given.
    await to.file.truncate(to.size).catch(() => {});
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'there is no space left on the disk' : message;
    throw new ToolwayError('internal', `cannot write ${to.path}: ${why}`, { cause: error });
  }
  to.size += bytes.length;
};

export const createLedger = (journal: GrowingFile, results: GrowingFile): Ledger => {
  let waiting: Pending[] = [];
  let writing: Promise<void> | undefined;
  let failure: ToolwayError | undefined;

  /** One result at a time, where all of them together found no room: some may be smaller. */
  const appendEach = async (pending: readonly Pending[]): Promise<Set<Pending>> => {
    const lost = new Set<Pending>();
    for (const each of pending) {
      await append(results, each.result ?? '').catch(() => lost.add(each));
    }
    return lost;
  };
  /** Writes everything that waits with one pair of syncs, however many calls there are. */
  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const now = waiting;
      waiting = [];
      const settled = now.filter(({ result }) => result !== undefined);
      let lost: ReadonlySet<Pending> = new Set();
      if (settled.length > 0) {
        await append(results, settled.map(({ result }) => result).join('')).catch(async (error: ToolwayError) => {
          failure ??= error;
          lost = await appendEach(settled);
        });
      }
      const noted = now.filter((each) => each.record !== undefined && !lost.has(each));
      let journalled = true;
      if (noted.length > 0) {
        const text = noted.map(({ record }) => `${JSON.stringify(record)}\n`).join('');
        await append(journal, text).catch((error: ToolwayError) => {
          failure ??= error;
          journalled = false;
        });
      }
      for (const each of now) each.done(each.result === undefined ? journalled : !lost.has(each));
    }
    writing = undefined;
  };
  const add = (record: JournalRecord | undefined, result?: string): Promise<boolean> =>
    new Promise((done) => {
      waiting.push({ record, result, done });
      writing ??= Promise.resolve().then(write);
    });

  return {
    begin: async (line) => failure === undefined && add({ begin: line }),
    async unsent(line) {
      await add({ unsent: line });
    },
    settle: (line, result) => add({ end: line }, result),
    get failure() {
      return failure;
    },
    async close() {
      await writing;
      await journal.file.close();
      await results.file.close();
    },
  };
};

/** For results that go to stdout: there is nothing to come back to, so nothing is noted. */
export const createUnwritten = (print: (text: string) => Promise<void>): Ledger => ({
  begin: async () => true,
  unsent: async () => {},
  async settle(_line, result) {
    await print(result);
    return true;
  },
  failure: undefined,
  close: async () => {},
});
