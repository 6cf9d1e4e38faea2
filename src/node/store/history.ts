/** The history in a table: written in batches, and bounded. */
import type { Clock, Timer } from '../../clock.ts';
import type { CallRecord, History, HistoryFilter } from '../../gateway/store/store.ts';
import { keptCall, wantedOf } from '../../gateway/store/values.ts';
import type { Database } from './database.ts';
import type { Row, Statement, Value } from './thread.ts';

export interface HistoryOptions {
  clock: Clock;
  today(): number;
  maxCalls: number;
  maxAgeMs: number;
  warn(message: string, facts: Record<string, unknown>): void;
}

export interface KeptHistory extends History {
  /** Resolves when what was appended is written, or given up. */
  flush(): Promise<void>;
  close(): void;
}

/** A busy gateway writes this many at a time, and one that is not what came within the time. */
const BATCH_ROWS = 500;
const BATCH_MS = 200;
/** Calls that wait to be written; further ones are lost. */
const MAX_WAITING = 10_000;

const NAMES = 'id, call, at, principal, server, tool, outcome, duration_ms, attempts, cached, executed, message';
const ROW = '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
/** A statement takes its time however many rows it writes: it writes several, and the ones that are left one by one. */
const ROWS_AT_ONCE = 20;
const INSERT_ONE = `INSERT INTO calls (${NAMES}) VALUES ${ROW}`;
const INSERT_SEVERAL = `${INSERT_ONE}${`, ${ROW}`.repeat(ROWS_AT_ONCE - 1)}`;

const valuesOf = (record: CallRecord): Value[] => [
  record.id,
  record.call ?? null,
  record.at,
  record.principal ?? null,
  record.server,
  record.tool,
  record.outcome,
  record.durationMs,
  record.attempts,
  record.cached ? 1 : 0,
  record.executed ?? null,
  record.message ?? null,
];

const insert = (batch: readonly CallRecord[]): Statement[] => {
  const several: Value[][] = [];
  let from = 0;
  for (; from + ROWS_AT_ONCE <= batch.length; from += ROWS_AT_ONCE)
    several.push(batch.slice(from, from + ROWS_AT_ONCE).flatMap(valuesOf));
  return [
    { sql: INSERT_SEVERAL, many: JSON.stringify(several) },
    { sql: INSERT_ONE, many: JSON.stringify(batch.slice(from).map(valuesOf)) },
  ];
};

export const createHistory = (database: Database, options: HistoryOptions): KeptHistory => {
  const { clock, today, maxCalls, maxAgeMs, warn } = options;
  let waiting: CallRecord[] = [];
  let timer: Timer | undefined;
  let writing: Promise<void> | undefined;
  let lost = 0;

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_ROWS);
      waiting = waiting.slice(BATCH_ROWS);
      try {
        await database.run(insert(batch));
        if (lost > 0) warn('the history of calls is written again', { lost });
        lost = 0;
      } catch (error) {
        // Calls go on: of the history, one warning is all that is heard until it is written again.
        if (lost === 0) warn('the history of calls cannot be written', { error: (error as Error).message });
        lost += batch.length;
      }
    }
    writing = undefined;
  };
  const flush = (): Promise<void> => {
    timer?.cancel();
    timer = undefined;
    writing ??= Promise.resolve().then(write);
    return writing;
  };

  return {
    append(record) {
      if (waiting.length >= MAX_WAITING) {
        if (lost === 0) warn('the history of calls cannot be written as fast as calls end', {});
        lost += 1;
        return;
      }
      waiting.push(keptCall(record));
      if (waiting.length >= BATCH_ROWS) void flush();
      else if (timer === undefined) {
        timer = clock.after(BATCH_MS, () => void flush());
        timer.keepAlive(false);
      }
    },
    async find(filter = {}) {
      await flush();
      const { sql, params = [] } = query(filter, { oldest: today() - maxAgeMs, maxCalls });
      return (await database.rows(sql, params)).map(recordOf);
    },
    flush,
    close: () => timer?.cancel(),
  };
};

const COLUMNS = ['principal', 'server', 'tool', 'outcome'] as const;

const query = (filter: HistoryFilter, { oldest, maxCalls }: { oldest: number; maxCalls: number }): Statement => {
  const { since = oldest, before } = filter;
  const wheres = ['seq > (SELECT max(seq) FROM calls) - ?', 'at >= ?'];
  const params: Value[] = [maxCalls, Math.max(since, oldest)];
  const narrow = (where: string, value: Value | undefined): void => {
    if (value === undefined) return;
    wheres.push(where);
    params.push(value);
  };
  narrow('at < ?', before);
  for (const column of COLUMNS) narrow(`${column} = ?`, filter[column]);
  const sql = `SELECT * FROM calls WHERE ${wheres.join(' AND ')} ORDER BY seq DESC LIMIT ?`;
  return { sql, params: [...params, wantedOf(filter)] };
};

const recordOf = ({ seq: _seq, duration_ms: durationMs, cached, ...row }: Row): CallRecord => {
  const known = Object.entries(row).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(known), durationMs, cached: cached === 1 } as unknown as CallRecord;
};
