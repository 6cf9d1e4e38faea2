/** Records in tables. */
import { ToolwayError } from '../../errors.ts';
import type { Records } from '../../gateway/store/store.ts';
import { textOf } from '../../gateway/store/values.ts';
import type { Database } from './database.ts';
import type { Statement, Value } from './thread.ts';

interface Held {
  value: string;
  seq: number;
  version: number;
  expires: number | null;
}

/** Changes of one value that others came before of; more than so many in a row is no coincidence. */
const MAX_TRIES = 100;

const ALIVE = '(expires IS NULL OR expires > ?)';
const FIND = `SELECT value, seq, version, expires FROM records WHERE kind = ? AND id = ? AND ${ALIVE}`;
const LIST = `SELECT id, value FROM records WHERE kind = ? AND ${ALIVE} ORDER BY seq DESC LIMIT ?`;
const BURY = 'DELETE FROM records WHERE kind = ? AND id = ? AND expires <= ?';
const PUT = `INSERT INTO records (kind, id, value, expires) VALUES (?, ?, ?, ?)
  ON CONFLICT (kind, id) DO UPDATE SET value = excluded.value, expires = excluded.expires, version = version + 1`;
const ADD = 'INSERT INTO records (kind, id, value, expires) VALUES (?, ?, ?, ?) ON CONFLICT (kind, id) DO NOTHING';
const SWAP = 'UPDATE records SET value = ?, expires = ?, version = version + 1 WHERE seq = ? AND version = ?';
const DROP = 'DELETE FROM records WHERE seq = ? AND version = ?';
const DELETE = `DELETE FROM records WHERE kind = ? AND id = ? AND ${ALIVE}`;

export const createRecords = (database: Database, today: () => number): Records => {
  const endOf = (ttlMs: number | undefined): number | null => (ttlMs === undefined ? null : today() + ttlMs);
  const find = async (kind: string, id: string): Promise<Held | undefined> =>
    (await database.rows(FIND, [kind, id, today()]))[0] as unknown as Held | undefined;
  /** Whether the last of some statements changed anything. */
  const changes = async (...statements: Statement[]): Promise<boolean> => (await database.run(statements)).at(-1) !== 0;
  const bury = (kind: string, id: string): Statement => ({ sql: BURY, params: [kind, id, today()] });

  return {
    async get<T>(kind: string, id: string) {
      const held = await find(kind, id);
      return held === undefined ? undefined : (JSON.parse(held.value) as T);
    },
    async put(kind, id, value, { ttlMs } = {}) {
      // One that has expired is not the one that is put.
      await changes(bury(kind, id), { sql: PUT, params: [kind, id, textOf(value), endOf(ttlMs)] });
    },
    async update<T>(
      kind: string,
      id: string,
      change: (value: T | undefined) => T | undefined,
      { ttlMs }: { ttlMs?: number } = {},
    ) {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const held = await find(kind, id);
        const changed = change(held === undefined ? undefined : (JSON.parse(held.value) as T));
        if (changed === undefined && held === undefined) return undefined;
        const text = changed === undefined ? undefined : textOf(changed);
        const ends: Value = ttlMs === undefined ? (held?.expires ?? null) : endOf(ttlMs);
        const done =
          text === undefined
            ? await changes({ sql: DROP, params: [held?.seq ?? null, held?.version ?? null] })
            : held === undefined
              ? await changes(bury(kind, id), { sql: ADD, params: [kind, id, text, ends] })
              : await changes({ sql: SWAP, params: [text, ends, held.seq, held.version] });
        if (done) return text === undefined ? undefined : (JSON.parse(text) as T);
      }
      throw new ToolwayError('internal', `a ${kind} was changed ${MAX_TRIES} times while it was to be changed once`);
    },
    delete: (kind, id) => changes({ sql: DELETE, params: [kind, id, today()] }),
    async list<T>(kind: string, { limit = 1_000 }: { limit?: number } = {}) {
      const rows = await database.rows(LIST, [kind, today(), Math.max(0, limit)]);
      return rows.map(({ id, value }) => ({ id: String(id), value: JSON.parse(String(value)) as T }));
    },
  };
};
