/** A database in a thread of its own. What is asked for while it works is done together next: one writing to disk for all. */
import { createRequire, isBuiltin } from 'node:module';
import { MessageChannel, Worker } from 'node:worker_threads';
import { ToolwayError } from '../../errors.ts';
import {
  type Answer,
  type EngineName,
  type Failure,
  type Order,
  type Outcome,
  type Row,
  type Statement,
  type ThreadData,
  threadSource,
  type Unit,
} from './thread.ts';

export interface Database {
  /** Runs statements as one; resolves with what they gave once it is on disk. */
  run(unit: Unit): Promise<(Row[] | number)[]>;
  /** The rows that one statement finds. */
  rows(sql: string, params?: Statement['params']): Promise<Row[]>;
  /** Runs statements one by one, outside of transactions. */
  bare(...sql: string[]): Promise<Row[][]>;
  /** Resolves when everything is done and the file is let go. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  path: string;
  engine: EngineName;
  /** Asked before each batch that writes; its rejection is that of the batch. */
  mayWrite?: () => Promise<void>;
}

interface Asked {
  unit: Unit;
  resolve(results: (Row[] | number)[]): void;
  reject(error: ToolwayError): void;
}

/** Units of one transaction: what waits for it waits for all of them. */
const MAX_UNITS = 256;

/** Which engine this runtime has; `node:sqlite` where it is there without a flag. Asking does not load it, which some Nodes warn of. */
export const engineHere = (): EngineName => (isBuiltin('node:sqlite') ? 'node' : 'wasm');

/** Opens the file, and makes it where there is none. Rejects with `internal` where that cannot be. */
export const openDatabase = async ({ path, engine, mayWrite }: DatabaseOptions): Promise<Database> => {
  const { port1: port, port2 } = new MessageChannel();
  const wasm = engine === 'wasm' ? createRequire(import.meta.url).resolve('node-sqlite3-wasm') : '';
  const workerData: ThreadData = { port: port2, path, engine, wasm };
  const worker = new Worker(threadSource(), {
    eval: true,
    name: 'toolway-store',
    workerData,
    transferList: [port2],
    env: {},
    // node:sqlite says of itself that it is experimental, on the standard error of the whole process.
    execArgv: ['--no-warnings'],
  });
  const answers: ((answer: Answer) => void)[] = [];
  let ended: string | undefined;
  const end = (reason: string): void => {
    ended ??= reason;
    for (const answer of answers.splice(0)) answer({ error: ended });
    // The channel outlives the thread, and would keep the process alive.
    port.close();
  };
  port.on('message', (answer: Answer) => answers.shift()?.(answer));
  worker.on('error', (error) => end(`the thread of the store failed: ${error.message}`));
  worker.on('exit', () => end('the thread of the store has ended'));

  let busy = 0;
  /** The thread keeps the process alive while somebody waits for it, and not beyond. */
  const stayAlive = (by: 1 | -1): void => {
    busy += by;
    if (busy === 0) for (const one of [worker, port]) one.unref();
    else if (busy === 1 && by === 1) for (const one of [worker, port]) one.ref();
  };
  const order = async (what: Order): Promise<Outcome[]> => {
    stayAlive(1);
    const answer = await new Promise<Answer>((resolve) => {
      if (ended !== undefined) return resolve({ error: ended });
      answers.push(resolve);
      port.postMessage(what);
    });
    stayAlive(-1);
    if ('error' in answer) throw failed(path, answer);
    return answer.outcomes;
  };

  let waiting: Asked[] = [];
  let working: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_UNITS);
      waiting = waiting.slice(MAX_UNITS);
      try {
        await mayWrite?.();
        const outcomes = await order({ do: 'run', units: batch.map(({ unit }) => unit) });
        for (const [index, { resolve, reject }] of batch.entries()) {
          const outcome = outcomes[index] ?? { error: 'it was not run' };
          if ('error' in outcome) reject(failed(path, outcome));
          else resolve(outcome.results);
        }
      } catch (error) {
        for (const { reject } of batch) reject(error as ToolwayError);
      }
    }
    working = undefined;
  };

  const run: Database['run'] = (unit) =>
    new Promise((resolve, reject) => {
      waiting.push({ unit, resolve, reject });
      // What is asked for within one turn goes together.
      working ??= Promise.resolve().then(work);
    });

  const close = async (): Promise<void> => {
    await working;
    try {
      await order({ do: 'close' });
    } finally {
      end('the store is closed');
      await worker.terminate();
    }
  };
  const bare: Database['bare'] = async (...sql) => {
    const units = sql.map((each): Unit => [{ sql: each, rows: true }]);
    return (await order({ do: 'run', units, bare: true })).map((outcome) => {
      if ('error' in outcome) throw failed(path, outcome);
      return outcome.results[0] as Row[];
    });
  };
  try {
    await order({ do: 'open' });
    // Alone with the file, its log needs no memory that is shared with others, which WebAssembly has not.
    await bare('PRAGMA locking_mode = EXCLUSIVE');
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    run,
    rows: async (sql, params = []) => (await run([{ sql, params, rows: true }]))[0] as Row[],
    bare,
    close,
  };
};

/** As SQLite says it: result code 11 or 26 is a file that cannot be believed (rescode.html). */
const failed = (path: string, { error, code }: Failure): ToolwayError =>
  new ToolwayError('internal', `${path}: ${error}`, { cause: { sqlite: code } });

/** SQLite's result code of a failure, where the engine tells it. */
export const codeOf = ({ cause }: ToolwayError): number | undefined =>
  (cause as { sqlite?: number } | undefined)?.sqlite;
