/** The calls of a batch, a few at a time, each line read when somebody is free for it. */
import type { CallOutcome } from '../../api.ts';
import { splitSignal } from '../../calls/split-signal.ts';
import { ToolwayError } from '../../errors.ts';
import type { CallOptions } from '../../options.ts';
import { isBlank, type LineCall, readCall } from './call-line.ts';
import type { Ledger } from './ledger.ts';
import type { RawLine } from './lines.ts';
import type { Recovered } from './recovery.ts';
import { resultLine, withoutCall, wordOf } from './result-line.ts';

export interface WorkOptions {
  lines: AsyncGenerator<RawLine>;
  servers: readonly string[];
  recovered: Recovered;
  ledger: Ledger;
  concurrency: number;
  signal: AbortSignal;
  call(call: LineCall, options: CallOptions): Promise<CallOutcome>;
  /** Whether a call that may have run may be made again. */
  isRepeatable(call: LineCall): Promise<boolean>;
  /** Takes a result for which there is no room on the disk. */
  rescue(result: string): Promise<void>;
  /** A line has its result. */
  onResult(): void;
}

/** Resolves when every line has its result, or when nothing more can be done: interrupted, or with `ledger.failure`. */
export const workThrough = async (options: WorkOptions): Promise<void> => {
  const { lines, servers, recovered, ledger, concurrency, signal, call, isRepeatable, rescue, onResult } = options;
  const { begun, ended, written, tally } = recovered;
  const signals = splitSignal(signal);
  const goesOn = (): boolean => !signal.aborted && ledger.failure === undefined;

  const settle = async (line: number, id: string | number | undefined, outcome: CallOutcome): Promise<void> => {
    const result = resultLine({ line, outcome, ...(id !== undefined && { id }) });
    const isWritten = await ledger.settle(line, result);
    if (!isWritten) await rescue(result);
    tally.add(line, wordOf(outcome));
    onResult();
  };
  /** What is known of a line without a call. */
  const known = async (line: number, wanted: LineCall): Promise<CallOutcome | undefined> => {
    if (!begun.has(line)) return undefined;
    if (ended.has(line)) return withoutCall(doubt(line, 'it was finished in an earlier run, and its result is gone'));
    if (await isRepeatable(wanted)) return undefined;
    return withoutCall(doubt(line, 'an earlier run ended while it was under way, and it is not sent again'));
  };
  /** Resolves once the line is dealt with; `saved` is when that is on disk, which the next call need not wait for. */
  const work = async (line: RawLine, place: number): Promise<{ saved?: Promise<void> }> => {
    if (written.has(line.number) || isBlank(line)) return {};
    const read = readCall(line, servers);
    if (read.error !== undefined) return { saved: settle(line.number, read.id, withoutCall(read.error)) };
    const before = await known(line.number, read.call);
    if (before !== undefined) return { saved: settle(line.number, read.id, before) };
    if (!(await ledger.begin(line.number))) return {};
    const ownSignal = signals.at(place);
    const outcome = await call(read.call, { ...read.call.options, ...(ownSignal && { signal: ownSignal }) });
    const neverSent = signal.aborted && !outcome.success && outcome.error.executed === 'no';
    return { saved: neverSent ? ledger.unsent(line.number) : settle(line.number, read.id, outcome) };
  };

  const worker = async (place: number): Promise<void> => {
    let latest: { saved?: Promise<void> } = {};
    while (goesOn()) {
      const { value: line, done } = await lines.next();
      if (done === true || !goesOn()) break;
      const [now] = await Promise.all([work(line, place), latest.saved]);
      latest = now;
    }
    await latest.saved;
  };
  const ends = await Promise.allSettled(Array.from({ length: concurrency }, (_, place) => worker(place)));
  signals.end();
  await lines.return(undefined);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
};

const doubt = (line: number, why: string): ToolwayError =>
  new ToolwayError('outcome_unknown', `line ${line}: ${why}`, { executed: 'unknown' });
