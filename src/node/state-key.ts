/** The key that seals what the gateway keeps of its callers' credentials: in a variable, or in a file beside its store. */
import { link, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ToolwayError } from '../errors.ts';
import { makeFolder } from './make-folder.ts';

export interface StateKeyOptions {
  /** Where the file is, or is made. */
  path: string;
  env: Readonly<Record<string, string | undefined>>;
}

const BYTES = 32;
const VARIABLE = 'TOOLWAY_STATE_KEY';

/**
 * `TOOLWAY_STATE_KEY` in base64; else the file, which is made of random bytes for the user alone where there is none.
 * Rejects with `invalid_config` for a key that is not of 32 bytes, which is left as it is.
 */
export const readStateKey = async ({ path, env }: StateKeyOptions): Promise<Uint8Array> => {
  const given = env[VARIABLE]?.trim();
  if (given !== undefined && given !== '') {
    const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(given);
    return usable(isBase64 ? Buffer.from(given, 'base64') : new Uint8Array(), VARIABLE);
  }
  try {
    return usable((await found(path)) ?? (await made(path)), path);
  } catch (cause) {
    if (cause instanceof ToolwayError) throw cause;
    throw new ToolwayError('invalid_config', `${path} cannot be used: ${(cause as Error).message}`, { cause });
  }
};

const usable = (key: Uint8Array, where: string): Uint8Array => {
  if (key.length === BYTES) return new Uint8Array(key);
  throw new ToolwayError(
    'invalid_config',
    `${where} does not hold a key of ${BYTES} bytes${where === VARIABLE ? ' as base64' : ''}`,
    { executed: 'no' },
  );
};

const found = (path: string): Promise<Uint8Array | undefined> =>
  readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

/** Appears whole or not at all, and never in the place of another: of two that are made at a time one counts. */
const made = async (path: string): Promise<Uint8Array> => {
  const folder = dirname(path);
  await makeFolder(folder, { mode: 0o700 });
  const own = await mkdtemp(join(folder, '.key-'));
  try {
    const draft = join(own, 'key');
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(crypto.getRandomValues(new Uint8Array(BYTES)));
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return (await found(path)) ?? new Uint8Array();
};
