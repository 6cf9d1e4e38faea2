/** The thread that holds the database: it runs statements of SQL as it is told, and knows nothing of what they are for. */
import type { MessagePort } from 'node:worker_threads';

/** What a column holds. */
export type Value = string | number | null;
export type Row = Record<string, Value>;

/**
 * One statement; with `many` it runs once for each of these lists of parameters, with `rows` it gives what it finds.
 * Many lists are cheaper as one text of JSON: a clone of each of them would be made on the way here.
 */
export interface Statement {
  sql: string;
  params?: readonly Value[];
  many?: readonly (readonly Value[])[] | string;
  rows?: true;
}

/** Statements that take effect together or not at all. */
export type Unit = readonly Statement[];

/** Of each statement the rows that it found, or how many it changed. */
export type Outcome = { results: (Row[] | number)[] } | Failure;
/** `code` is SQLite's own, which node-sqlite3-wasm does not tell. */
export interface Failure {
  error: string;
  code?: number;
}

/** `bare` units run outside of transactions. */
export type Order = { do: 'open' } | { do: 'run'; units: readonly Unit[]; bare?: boolean } | { do: 'close' };
/** Each order has one answer, in their order. */
export type Answer = { outcomes: Outcome[] } | Failure;

export type EngineName = 'node' | 'wasm';

export interface ThreadData {
  port: MessagePort;
  path: string;
  engine: EngineName;
  /** Where node-sqlite3-wasm is. */
  wasm: string;
}

interface Engine {
  exec(sql: string): void;
  prepare(sql: string): { all(params: readonly Value[]): Row[]; run(params: readonly Value[]): number; end(): void };
  close(): void;
}

/** As much of `node:sqlite` as is used here: its types come with later Nodes only. */
interface NodeSqlite {
  DatabaseSync: new (
    path: string,
  ) => {
    exec(sql: string): void;
    prepare(sql: string): { all(...params: Value[]): Row[]; run(...params: Value[]): { changes: number | bigint } };
    close(): void;
  };
}

/** Must not use any name from outside itself, see `threadSource`. */
const runThread = ({ port, path, engine, wasm }: ThreadData, load: (name: string) => unknown): void => {
  const openNode = (): Engine => {
    const { DatabaseSync } = load('node:sqlite') as NodeSqlite;
    const database = new DatabaseSync(path);
    return {
      exec: (sql) => database.exec(sql),
      prepare(sql) {
        const statement = database.prepare(sql);
        return {
          all: (params) => statement.all(...params),
          run: (params) => Number(statement.run(...params).changes),
          end() {},
        };
      },
      close: () => database.close(),
    };
  };
  const openWasm = (): Engine => {
    const { Database } = load(wasm) as typeof import('node-sqlite3-wasm');
    const database = new Database(path);
    return {
      exec: (sql) => database.exec(sql),
      prepare(sql) {
        const statement = database.prepare(sql);
        return {
          all: (params) => statement.all([...params]) as Row[],
          run: (params) => statement.run([...params]).changes,
          end: () => statement.finalize(),
        };
      },
      close: () => database.close(),
    };
  };

  let opened: Engine | undefined;
  const prepared = new Map<string, ReturnType<Engine['prepare']>>();
  const database = (): Engine => {
    if (opened === undefined) throw new Error('the database is not open');
    return opened;
  };
  const forget = (sql: string): void => {
    try {
      prepared.get(sql)?.end();
    } catch {
      // It says once more why it failed.
    }
    prepared.delete(sql);
  };
  const runStatement = ({ sql, params = [], many, rows }: Statement): Row[] | number => {
    const statement = prepared.get(sql) ?? database().prepare(sql);
    prepared.set(sql, statement);
    try {
      if (rows === true) return statement.all(params);
      if (many === undefined) return statement.run(params);
      let changes = 0;
      const lists: readonly (readonly Value[])[] = typeof many === 'string' ? JSON.parse(many) : many;
      for (const each of lists) changes += statement.run(each);
      return changes;
    } catch (error) {
      // Of WebAssembly's, one that failed would fail with the same error for ever.
      forget(sql);
      throw error;
    }
  };
  const outcomeOf = (unit: Unit): Outcome => ({ results: unit.map(runStatement) });
  const together = (units: readonly Unit[]): Outcome[] => {
    database().exec('BEGIN IMMEDIATE');
    try {
      const outcomes = units.map(outcomeOf);
      database().exec('COMMIT');
      return outcomes;
    } catch (error) {
      try {
        database().exec('ROLLBACK');
      } catch {
        // What failed may have ended the transaction itself.
      }
      throw error;
    }
  };
  const failureOf = (thrown: unknown): Failure => {
    const { message = String(thrown), errcode } = thrown as { message?: string; errcode?: number };
    return errcode === undefined ? { error: message } : { error: message, code: errcode };
  };
  const attempt = (run: () => Outcome[]): Outcome[] => {
    try {
      return run();
    } catch (error) {
      return [failureOf(error)];
    }
  };
  const run = (units: readonly Unit[], bare: boolean): Outcome[] => {
    if (bare) return units.flatMap((unit) => attempt(() => [outcomeOf(unit)]));
    if (units.length === 1) return attempt(() => together(units));
    try {
      return together(units);
    } catch {
      // One of them is in the way of the others: each for itself.
      return units.flatMap((unit) => attempt(() => together([unit])));
    }
  };

  const obey = (order: Order): Answer => {
    if (order.do === 'run') return { outcomes: run(order.units, order.bare === true) };
    if (order.do === 'open') opened = engine === 'node' ? openNode() : openWasm();
    else {
      // Those of WebAssembly would keep the file locked.
      for (const sql of [...prepared.keys()]) forget(sql);
      database().close();
      opened = undefined;
    }
    return { outcomes: [] };
  };

  port.on('message', (order: Order) => {
    let answer: Answer;
    try {
      answer = obey(order);
    } catch (error) {
      answer = failureOf(error);
    }
    port.postMessage(answer);
  });
};

/** The program of the thread, as CommonJS for `new Worker(…, { eval: true })`: found wherever this module is, bundled or not. */
export const threadSource = (): string => `'use strict';
const __name = (value) => value;
const runThread = ${runThread.toString()};
runThread(require('node:worker_threads').workerData, require);
`;
