/** The gateway's store in one file, with one owner. */
import { type Clock, systemClock } from '../../clock.ts';
import type { Counters, Store } from '../../gateway/store/store.ts';
import { closedStore } from '../../gateway/store/values.ts';
import { createWindows, type Window } from '../../gateway/store/windows.ts';
import type { Logger } from '../../options.ts';
import { type Database, engineHere } from './database.ts';
import { openFile } from './file.ts';
import { createHistory } from './history.ts';
import { takeOwnership } from './owner.ts';
import { createRecords } from './records.ts';
import type { EngineName, Unit } from './thread.ts';

/** Where the store is, and what bounds it. */
export interface SqliteStoreOptions {
  /** Its file, which one process has at a time. Made where there is none, in a folder for nobody else. */
  path: string;
  /** Calls that are remembered. Default 100 000; the oldest make room. */
  maxCalls?: number;
  /** How long a call is remembered, in milliseconds. Default 30 days. */
  maxAgeMs?: number;
  /** What the file may grow to. Default 1 GiB; beyond it nothing more is written until something has expired. */
  maxBytes?: number;
  /** Default `node` (`node:sqlite`) where this Node has it, else `wasm` (node-sqlite3-wasm). Both read the files of both. */
  engine?: EngineName;
  /** The time of day, in milliseconds since the Unix epoch. Default: the system's. */
  today?: () => number;
  /** Default: the system's. */
  clock?: Clock;
  /** Hears of files that were set aside, and of calls that could not be written down. Default: nobody. */
  logger?: Pick<Logger, 'warn'>;
}

const DAY_MS = 86_400_000;
const GIB = 1_073_741_824;
/** How often what is too old is removed, and how much of it at a time: others come in between. */
const PRUNE_MS = 60_000;
const PRUNE_ROWS = 1_000;
const COUNTERS_MS = 1_000;

/**
 * Opens a store that outlives the gateway. What its records resolved for survives a crash, and the loss of power; calls
 * and counters are written in batches. A file that cannot be used is set aside under another name, with a warning.
 * Rejects with `invalid_config` where another live process has the file, a later version wrote it, or none can be there.
 */
export const createSqliteStore = async (options: SqliteStoreOptions): Promise<Store> => {
  const { path, maxCalls = 100_000, maxAgeMs = 30 * DAY_MS, maxBytes = GIB, engine = engineHere() } = options;
  const { today = Date.now, clock = systemClock, logger } = options;
  const warn = (message: string, facts?: Record<string, unknown>): void => logger?.warn(message, facts);
  const owner = await takeOwnership(path);
  let database: Database;
  try {
    database = await openFile({ path, engine, maxBytes, warn, mayWrite: owner.verify });
  } catch (error) {
    await owner.release();
    throw error;
  }
  const history = createHistory(database, { clock, today, maxCalls, maxAgeMs, warn });
  const counting = await createCounting(database, { clock, today, warn });
  const records = createRecords(database, today);
  const pruning = startPruning(database, { clock, today, maxCalls, maxAgeMs });
  let closing: Promise<void> | undefined;

  const open = async (): Promise<void> => {
    if (closing !== undefined) throw closedStore();
  };
  const close = async (): Promise<void> => {
    pruning.stop();
    await Promise.all([history.flush(), counting.flush()]);
    history.close();
    await database.close();
    await owner.release();
  };
  return {
    records: {
      get: (...given) => open().then(() => records.get(...given)),
      put: (...given) => open().then(() => records.put(...given)),
      update: (...given) => open().then(() => records.update(...given)),
      delete: (...given) => open().then(() => records.delete(...given)),
      list: (...given) => open().then(() => records.list(...given)),
    },
    history: {
      append(record) {
        if (closing === undefined) history.append(record);
      },
      find: (filter) => open().then(() => history.find(filter)),
    },
    counters: { spend: (...given) => open().then(() => counting.counters.spend(...given)) },
    close() {
      closing ??= close();
      return closing;
    },
  };
};

interface Timing {
  clock: Clock;
  today(): number;
}

/** Windows in memory, so that no call waits for a disk; written behind. */
const createCounting = async (
  database: Database,
  { clock, today, warn }: Timing & { warn(message: string, facts: Record<string, unknown>): void },
): Promise<{ counters: Counters; flush(): Promise<void> }> => {
  const rows = await database.rows('SELECT key, spent, ends FROM counters WHERE ends > ?', [today()]);
  const known = rows.map(({ key, spent, ends }): [string, Window] => [
    String(key),
    { spent: Number(spent), endsAt: Number(ends) },
  ]);
  let spent = new Map<string, Window>();
  let timer: ReturnType<Clock['after']> | undefined;
  let failing = false;
  const flush = async (): Promise<void> => {
    timer?.cancel();
    timer = undefined;
    if (spent.size === 0) return;
    const many = [...spent].map(([key, window]) => [key, window.spent, window.endsAt]);
    spent = new Map();
    try {
      await database.run([{ sql: 'INSERT OR REPLACE INTO counters (key, spent, ends) VALUES (?, ?, ?)', many }]);
      failing = false;
    } catch (error) {
      if (!failing) warn('what was spent cannot be written', { error: (error as Error).message });
      failing = true;
    }
  };
  const onSpent = (key: string, window: Window): void => {
    spent.set(key, window);
    timer ??= clock.after(COUNTERS_MS, () => void flush());
    timer.keepAlive(false);
  };
  return { counters: createWindows({ today, known, onSpent }), flush };
};

const OLD = `DELETE FROM calls WHERE seq IN (SELECT seq FROM calls WHERE at < ? LIMIT ${PRUNE_ROWS})`;
const SURPLUS = `DELETE FROM calls WHERE seq IN
  (SELECT seq FROM calls WHERE seq <= (SELECT max(seq) FROM calls) - ? LIMIT ${PRUNE_ROWS})`;
const EXPIRED = `DELETE FROM records WHERE seq IN
  (SELECT seq FROM records WHERE expires <= ? LIMIT ${PRUNE_ROWS})`;
const SPENT = 'DELETE FROM counters WHERE ends <= ?';

const startPruning = (
  database: Database,
  { clock, today, maxCalls, maxAgeMs }: Timing & { maxCalls: number; maxAgeMs: number },
): { stop(): void } => {
  let timer: ReturnType<Clock['after']> | undefined;
  let stopped = false;
  const prune = async (): Promise<void> => {
    const units: Unit[] = [
      [{ sql: OLD, params: [today() - maxAgeMs] }],
      [{ sql: SURPLUS, params: [maxCalls] }],
      [{ sql: EXPIRED, params: [today()] }],
      [{ sql: SPENT, params: [today()] }],
    ];
    for (const unit of units) {
      let removed: unknown;
      do [removed] = await database.run(unit);
      while (removed === PRUNE_ROWS);
    }
  };
  const again = (): void => {
    if (stopped) return;
    timer = clock.after(
      PRUNE_MS,
      () =>
        void prune()
          .catch(() => {})
          .then(again),
    );
    timer.keepAlive(false);
  };
  again();
  return {
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
};
