/** What a user has agreed to, in a file of the state folder: by the SHA-256 of the definition. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isObject } from '../config/readers.ts';
import { ToolwayError } from '../errors.ts';
import { runAlone } from './file-lock.ts';
import { nodeFiles } from './files.ts';

/** One agreement, as it is listed. It holds nothing of the definition: literal values may be secrets. */
export interface Agreement {
  /** The server, or the file for its settings. */
  name: string;
  /** Where it was found. */
  file: string;
  /** When, in milliseconds since the Unix epoch. */
  at: number;
}

/** Agreements by the SHA-256 of the canonical definition, in hex. */
export type Agreements = Map<string, Agreement>;

const MAX_BYTES = 16 * 1024 * 1024;
const VERSION = 1;
const HASH = /^[0-9a-f]{64}$/;
const WRITABLE_BY_OTHERS = 0o022;

/** The file in a state folder. */
export const trustFile = (folder: string): string => join(folder, 'trust.json');

/** Reads what was agreed to. Rejects with `invalid_config` where the file is there and cannot be used: nothing is trusted then. */
export const readAgreements = async (path: string): Promise<Agreements> => {
  try {
    const text = await nodeFiles.read(path, MAX_BYTES);
    if (text === undefined) return new Map();
    await refuseForeign(path);
    return parse(text);
  } catch (cause) {
    throw unusable(path, cause);
  }
};

/** Changes the file while no other program does. It is replaced as a whole, or stays as it was. */
export const changeAgreements = (path: string, change: (agreements: Agreements) => void): Promise<void> =>
  runAlone(path, async () => {
    const agreements = await readAgreements(path);
    change(agreements);
    const text = `${JSON.stringify({ version: VERSION, trusted: Object.fromEntries(agreements) }, undefined, 1)}\n`;
    try {
      await nodeFiles.write(path, text);
    } catch (cause) {
      throw new ToolwayError('invalid_config', `the file ${path} cannot be written: ${reasonOf(cause)}`, {
        executed: 'no',
        cause,
      });
    }
  });

/** An agreement that somebody else could have written is none. */
const refuseForeign = async (path: string): Promise<void> => {
  const { uid, mode } = await stat(path);
  const own = process.getuid?.();
  if (own === undefined) return;
  if (uid !== own && uid !== 0) throw new Error('it belongs to another user');
  if ((mode & WRITABLE_BY_OTHERS) !== 0) throw new Error('other users can write to it');
};

const parse = (text: string): Agreements => {
  const root: unknown = JSON.parse(text);
  if (!isObject(root) || root.version !== VERSION || !isObject(root.trusted)) {
    throw new Error('it is not a list of agreements that this version can read');
  }
  const agreements: Agreements = new Map();
  for (const [hash, entry] of Object.entries(root.trusted)) {
    if (!HASH.test(hash) || !isObject(entry)) throw new Error('one of its entries is no agreement');
    const { name, file, at } = entry;
    if (typeof name !== 'string' || typeof file !== 'string' || typeof at !== 'number') {
      throw new Error('one of its entries is no agreement');
    }
    agreements.set(hash, { name, file, at });
  }
  return agreements;
};

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

const unusable = (path: string, cause: unknown): ToolwayError =>
  new ToolwayError(
    'invalid_config',
    `the list of what is trusted cannot be used: ${path}: ${reasonOf(cause)}; nothing is trusted until it is mended, or moved away`,
    { executed: 'no', cause },
  );
