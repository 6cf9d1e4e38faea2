/** What an earlier run has left behind: which lines were begun, which have their result, and where both files are whole. */
import { createReadStream } from 'node:fs';
import { ToolwayError } from '../../errors.ts';
import { createLineSet, type LineSet } from './line-set.ts';
import { linesOf } from './lines.ts';
import { createTally, HEAD_BYTES, readHead, type Tally } from './result-line.ts';

/** What a journal says of itself in its first line. */
export interface JournalHead {
  journal: 'toolway batch';
  version: 1;
  /** The SHA-256 of the whole input, and its size. */
  sha256: string;
  bytes: number;
}

export interface Recovered {
  /** Lines whose call may have been handed over. */
  begun: LineSet;
  /** Lines whose call has ended, wherever its result is. */
  ended: LineSet;
  /** Lines whose result is there. */
  written: LineSet;
  tally: Tally;
  /** How much of each file is whole. */
  journalBytes: number;
  resultBytes: number;
}

const RECORD_BYTES = 1_000;

const refuse = (reason: string): ToolwayError => new ToolwayError('invalid_arguments', reason, { executed: 'no' });

/** Nothing was done yet. */
export const nothingDone = (): Recovered => ({
  begun: createLineSet(),
  ended: createLineSet(),
  written: createLineSet(),
  tally: createTally(),
  journalBytes: 0,
  resultBytes: 0,
});

/**
 * Reads journal and results; an unfinished last line of either is left out. Resolves to undefined for a journal that
 * was killed in its first line, before anything was begun. Throws `invalid_arguments` for a journal of another input,
 * and where either file holds what no run has written.
 */
export const recover = async (
  { journal, results }: { journal: string; results: string | undefined },
  expected: JournalHead,
): Promise<Recovered | undefined> => {
  const found = nothingDone();
  let isHead = true;
  for await (const { number, bytes, complete, tooLong, end } of linesOf(createReadStream(journal), RECORD_BYTES)) {
    if (!complete) break;
    const record = tooLong ? undefined : parse(bytes.toString('utf8'));
    if (isHead) {
      checkHead(record, expected, journal);
      isHead = false;
    } else if (!note(record, found)) throw refuse(`${journal}:${number}: this is no record of a journal`);
    found.journalBytes = end;
  }
  if (isHead) return undefined;
  if (results === undefined) return found;
  for await (const { number, bytes, complete, end } of linesOf(createReadStream(results), HEAD_BYTES)) {
    if (!complete) break;
    const head = readHead(bytes.toString('latin1'));
    if (head === undefined) throw refuse(`${results}:${number}: this is no result of a batch`);
    if (!found.written.has(head.line)) found.tally.add(head.line, head.word);
    found.written.add(head.line);
    found.resultBytes = end;
  }
  return found;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const checkHead = (head: unknown, expected: JournalHead, path: string): void => {
  const { journal, version, sha256, bytes } = (head ?? {}) as Partial<JournalHead>;
  if (journal !== expected.journal) throw refuse(`${path} is no journal of a batch`);
  if (version !== expected.version) throw refuse(`${path} was written by another version of toolway`);
  if (sha256 === expected.sha256 && bytes === expected.bytes) return;
  throw refuse(`the input is not what it was when ${path} was begun (${bytes} bytes then, ${expected.bytes} now)`);
};

const note = (record: unknown, { begun, ended }: Recovered): boolean => {
  if (typeof record !== 'object' || record === null) return false;
  const { begin, end, unsent } = record as { begin?: unknown; end?: unknown; unsent?: unknown };
  if (isLine(begin)) begun.add(begin);
  else if (isLine(end)) ended.add(end);
  else if (isLine(unsent)) begun.delete(unsent);
  else return false;
  return true;
};

const isLine = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value < 1e12;
