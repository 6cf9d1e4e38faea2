/** One line of the results. Its number and outcome stand first, so that they can be read without the rest. */
import type { CallOutcome } from '../../api.ts';
import type { ErrorCode, ToolwayError } from '../../errors.ts';
import { EXIT, EXIT_CODES } from '../exit-codes.ts';
import { safeJson } from '../output.ts';

/** What became of a line in one word: `done`, `tool_error` where the tool answered `isError`, or the code of the error. */
export type Word = 'done' | 'tool_error' | ErrorCode;

export interface Result {
  line: number;
  id?: string | number;
  outcome: CallOutcome;
}

export const wordOf = (outcome: CallOutcome): Word => {
  if (!outcome.success) return outcome.error.code;
  return outcome.result.isError === true ? 'tool_error' : 'done';
};

/** The outcome of a line that no call was made of. */
export const withoutCall = (error: ToolwayError): CallOutcome => ({
  success: false,
  error,
  serverUsed: undefined,
  attempts: 0,
  durationMs: 0,
  cached: false,
});

export const resultLine = ({ line, id, outcome }: Result): string => {
  const { success, result, error, serverUsed, attempts, durationMs, cached } = outcome;
  const told = success ? { result } : { error: error?.toJSON() };
  const shown = { line, outcome: wordOf(outcome), id, success, ...told, serverUsed, attempts, durationMs, cached };
  return `${safeJson(shown, 0)}\n`;
};

/** As many bytes of a line of results hold its number and its outcome. */
export const HEAD_BYTES = 128;

/** The number and outcome of a line of results; undefined for a line that is none. */
export const readHead = (head: string): { line: number; word: Word } | undefined => {
  const [, line, word] = /^\{"line":(\d{1,15}),"outcome":"(\w{1,40})",/.exec(head) ?? [];
  if (line === undefined || word === undefined) return undefined;
  if (word !== 'done' && word !== 'tool_error' && !Object.hasOwn(EXIT_CODES, word)) return undefined;
  return { line: Number(line), word: word as Word };
};

/** How often what happened, over all runs, and what that means for the exit code. */
export interface Tally {
  add(line: number, word: Word): void;
  readonly counts: ReadonlyMap<Word, number>;
  readonly total: number;
  readonly failed: number;
  /** Lines of which nobody knows whether their call ran: a call that was cancelled under way is one. */
  readonly inDoubt: number;
  /** 0 when everything was done; 8 when a line is in doubt; else what stands for the first line that failed. */
  exitCode(): number;
}

export const createTally = (): Tally => {
  const counts = new Map<Word, number>();
  let total = 0;
  let first: { line: number; word: Word } | undefined;
  const inDoubt = (): number => (counts.get('outcome_unknown') ?? 0) + (counts.get('cancelled') ?? 0);
  return {
    counts,
    get total() {
      return total;
    },
    get failed() {
      return total - (counts.get('done') ?? 0);
    },
    get inDoubt() {
      return inDoubt();
    },
    add(line, word) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
      total += 1;
      if (word !== 'done' && line < (first?.line ?? Number.POSITIVE_INFINITY)) first = { line, word };
    },
    exitCode() {
      if (inDoubt() > 0) return EXIT_CODES.outcome_unknown;
      if (first === undefined) return EXIT.done;
      return first.word === 'tool_error' ? EXIT.toolError : first.word === 'done' ? EXIT.done : EXIT_CODES[first.word];
    },
  };
};
