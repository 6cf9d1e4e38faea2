/** The files of a batch: the results, and the journal beside them. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ToolwayError } from '../../errors.ts';
import type { Input } from './input.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { holdAlone } from './lock.ts';
import { type JournalHead, nothingDone, type Recovered, recover } from './recovery.ts';

export interface BatchFiles {
  ledger: Ledger;
  recovered: Recovered;
  /** Writes what is left, and lets go of the files. */
  close(): Promise<void>;
}

export interface FileWishes {
  /** Where the results go, absolute. */
  out: string;
  /** What messages call it. */
  shown: string;
  input: Input;
  resume: boolean;
  /** Whatever there is of an earlier run is given up. */
  overwrite: boolean;
}

const refuse = (reason: string): ToolwayError => new ToolwayError('invalid_arguments', reason, { executed: 'no' });

/** The journal of results in this file. */
export const journalOf = (out: string): string => `${out}.journal`;

const sizeOf = async (path: string): Promise<number | undefined> => {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw refuse(`cannot write ${path}: ${(error as Error).message}`);
  }
  throw refuse(`cannot write ${path}: it is no file`);
};

/** Opens for writing, at any place, what may be there already. */
const openFile = async (path: string, keepBytes: number): Promise<FileHandle> => {
  try {
    const file = await open(path, keepBytes > 0 ? 'r+' : 'w', 0o600);
    if (keepBytes > 0) await file.truncate(keepBytes);
    return file;
  } catch (error) {
    throw refuse(`cannot write ${path}: ${(error as Error).message}`);
  }
};

/** Makes a new name in a folder last; not every system can. */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(dirname(path), 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
};

/** Opens journal and results anew, or as an earlier run has left them. Throws `invalid_arguments` when that is not what was wished for. */
export const openFiles = async (wishes: FileWishes): Promise<BatchFiles> => {
  const { out, input } = wishes;
  const letGo = await holdAlone(journalOf(out));
  try {
    const head: JournalHead = { journal: 'toolway batch', version: 1, sha256: input.sha256, bytes: input.bytes };
    const recovered = await recoverAsWished(wishes, head);
    const journal = await openFile(journalOf(out), recovered.journalBytes);
    if (recovered.journalBytes === 0) {
      const line = Buffer.from(`${JSON.stringify(head)}\n`);
      await journal.write(line, 0, line.length, 0);
      await journal.sync();
      recovered.journalBytes = line.length;
    }
    const results = await openFile(out, recovered.resultBytes);
    await syncFolder(out);
    const ledger = createLedger(
      { file: journal, path: journalOf(out), size: recovered.journalBytes },
      { file: results, path: out, size: recovered.resultBytes },
    );
    const close = async (): Promise<void> => {
      await ledger.close();
      await letGo();
    };
    return { ledger, recovered, close };
  } catch (error) {
    await letGo();
    throw error;
  }
};

const recoverAsWished = async (
  { out, shown, resume, overwrite }: FileWishes,
  head: JournalHead,
): Promise<Recovered> => {
  const journalSize = await sizeOf(journalOf(out));
  const resultSize = await sizeOf(out);
  if (!resume) {
    if (overwrite) return nothingDone();
    if (journalSize !== undefined)
      throw refuse(
        `there is a journal of an earlier run, ${journalOf(shown)}: --resume goes on with it, --yes begins anew`,
      );
    if ((resultSize ?? 0) > 0) throw refuse(`${shown} is there already: --yes overwrites it`);
    return nothingDone();
  }
  const results = resultSize === undefined ? undefined : out;
  const found = journalSize === undefined ? undefined : await recover({ journal: journalOf(out), results }, head);
  if (found !== undefined) return found;
  if ((resultSize ?? 0) === 0) return nothingDone();
  throw refuse(`${shown} is there without its journal ${journalOf(shown)}: nobody knows what was sent`);
};
