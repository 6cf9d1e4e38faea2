/** Opens the file of a store: made where there is none, brought to the latest version, set aside where it cannot be used. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ToolwayError } from '../../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { codeOf, type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { APPLICATION_ID, MIGRATIONS } from './schema.ts';

export interface OpenFileOptions extends DatabaseOptions {
  /** What the file may grow to. */
  maxBytes: number;
  warn(message: string): void;
}

const PAGE_BYTES = 4_096;
/** What stands at the beginning of a file of SQLite, and where it says whose it is (fileformat.html §1.3). */
const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
const APPLICATION_ID_AT = 68;
/** SQLITE_CORRUPT, SQLITE_FORMAT and SQLITE_NOTADB. */
const UNBELIEVABLE: ReadonlySet<number> = new Set([11, 24, 26]);
/** Of what is written before it is brought into the file itself; it is used again and again. */
const JOURNAL_BYTES = 16 * 1024 * 1024;

/** Rejects with `invalid_config` where the file is of a later version, or no file can be there. */
export const openFile = async (options: OpenFileOptions): Promise<Database> => {
  const { path, warn } = options;
  const look = await lookAt(path);
  if (look.problem !== undefined) await setAside(path, look.problem, warn);
  const isFresh = look.isFresh || look.problem !== undefined;
  const found = await check(options, isFresh).catch(async (error: ToolwayError) => {
    if (isFresh || !isUnbelievable(error)) throw unusable(path, error);
    await setAside(path, error.message, warn);
    return check(options, true);
  });
  try {
    await migrate(found, options);
    return found.database;
  } catch (error) {
    await found.database.close();
    throw error;
  }
};

const unusable = (path: string, cause: Error): ToolwayError =>
  new ToolwayError('invalid_config', `${path} cannot be used: ${cause.message}`, { cause });

/** What the file holds is wrong; without a code of SQLite nothing else is known of what went wrong in reading it. */
const isUnbelievable = (error: ToolwayError): boolean => {
  const code = codeOf(error);
  return code === undefined || UNBELIEVABLE.has(code % 256);
};

/** Makes the file where there is none, for nobody else to read. */
const lookAt = async (path: string): Promise<{ isFresh: boolean; problem?: string }> => {
  try {
    await makeFolder(dirname(path), { mode: 0o700 });
    const file = await open(path, 'a+', 0o600);
    try {
      await file.chmod(0o600);
      const header = Buffer.alloc(HEADER_BYTES);
      const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
      if (bytesRead === 0) return { isFresh: true };
      const problem =
        header.toString('latin1', 0, MAGIC.length) !== MAGIC
          ? 'it is no database'
          : header.readUInt32BE(APPLICATION_ID_AT) !== APPLICATION_ID
            ? 'it is a database of something else'
            : undefined;
      return { isFresh: false, ...(problem !== undefined && { problem }) };
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unusable(path, cause as Error);
  }
};

/** Under another name, with what belongs to it: nothing is ever deleted. */
const setAside = async (path: string, reason: string, warn: (message: string) => void): Promise<void> => {
  const aside = `${path}.unusable-${new Date().toISOString().replaceAll(':', '-')}`;
  for (const part of ['', '-wal', '-journal']) {
    await rename(`${path}${part}`, `${aside}${part}`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  warn(`${path} could not be used and is now ${aside}: ${reason}`);
  await lookAt(path);
};

interface Found {
  database: Database;
  version: number;
}

/** Rejects where what is in the file cannot be believed. */
const check = async (options: OpenFileOptions, isFresh: boolean): Promise<Found> => {
  // What node-sqlite3-wasm takes for the lock of another process; whoever is here has made sure that there is none.
  await rm(`${options.path}.lock`, { recursive: true, force: true });
  const database = await openDatabase(options);
  try {
    // Before there is a log, so that it stands in the file itself.
    if (isFresh) await database.bare(`PRAGMA application_id = ${APPLICATION_ID}`);
    const [, , , , , , [version] = [], checks = []] = await database.bare(
      'PRAGMA trusted_schema = OFF',
      // One writing and one flush for each batch. FULL: what was resolved survives the loss of power too.
      'PRAGMA journal_mode = WAL',
      'PRAGMA synchronous = FULL',
      `PRAGMA journal_size_limit = ${JOURNAL_BYTES}`,
      `PRAGMA max_page_count = ${Math.ceil(options.maxBytes / PAGE_BYTES)}`,
      'PRAGMA temp_store = MEMORY',
      'PRAGMA user_version',
      'PRAGMA quick_check(1)',
    );
    const said = checks[0]?.quick_check;
    if (said !== 'ok') throw new ToolwayError('internal', String(said));
    return { database, version: Number(version?.user_version) };
  } catch (error) {
    await database.close().catch(() => {});
    throw error;
  }
};

const migrate = async ({ database, version }: Found, { path }: OpenFileOptions): Promise<void> => {
  const latest = MIGRATIONS.length;
  if (version > latest)
    throw new ToolwayError(
      'invalid_config',
      `${path} was written by a later Toolway: it has version ${version}, and this one knows ${latest}`,
    );
  if (version === latest) return;
  const statements = [...MIGRATIONS.slice(version).flat(), `PRAGMA user_version = ${latest}`];
  await database.run(statements.map((sql) => ({ sql })));
};
