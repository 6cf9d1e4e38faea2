/** What the file of a store looks like, version by version. */

/** By which SQLite's header says that a file is ours (`PRAGMA application_id`): "Tool". */
export const APPLICATION_ID = 0x54_6f_6f_6c;

/** What makes each version of the one before, from an empty file on. A version that was released is never changed. */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE records (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL,
      id TEXT NOT NULL,
      value TEXT NOT NULL,
      version INTEGER NOT NULL DEFAULT 1,
      expires REAL,
      UNIQUE (kind, id)
    )`,
    'CREATE INDEX records_in_order ON records (kind, seq)',
    'CREATE INDEX records_by_end ON records (expires) WHERE expires IS NOT NULL',
    `CREATE TABLE calls (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL,
      call TEXT,
      at REAL NOT NULL,
      principal TEXT,
      server TEXT NOT NULL,
      tool TEXT NOT NULL,
      outcome TEXT NOT NULL,
      duration_ms REAL NOT NULL,
      attempts INTEGER NOT NULL,
      cached INTEGER NOT NULL,
      executed TEXT,
      message TEXT
    )`,
    'CREATE INDEX calls_by_principal ON calls (principal, seq)',
    'CREATE INDEX calls_by_time ON calls (at)',
    'CREATE TABLE counters (key TEXT PRIMARY KEY, spent INTEGER NOT NULL, ends REAL NOT NULL) WITHOUT ROWID',
  ],
];
