/** Files made from what a server sent. The server proposes a name; nothing of it can leave the folder or replace a file. */
import { access, constants, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ToolwayError } from '../errors.ts';
import { makeFolder } from '../node/make-folder.ts';

/** Writes bytes, or what base64 stands for, and says where. */
export type Save = (data: string | Uint8Array, mimeType: string | undefined, proposed: string) => Promise<string>;

const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/svg+xml': 'svg',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/ogg': 'ogg',
  'video/mp4': 'mp4',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'application/gzip': 'gz',
  'application/json': 'json',
  'text/plain': 'txt',
  'text/csv': 'csv',
  'text/markdown': 'md',
  'text/html': 'html',
};

const LONGEST_STEM = 80;
const MOST_TRIES = 10_000;

/** A stem of letters, digits, `-` and `_` alone: no separators, no dots, no device names. */
export const safeStem = (proposed: string): string => {
  const [, stem = proposed] = /^(.+)\.[A-Za-z0-9]{1,8}$/.exec(proposed) ?? [];
  const clean = stem
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^[-_]+/, '')
    .slice(0, LONGEST_STEM)
    .replace(/_+$/, '');
  if (clean === '') return 'content';
  return /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(clean) ? `_${clean}` : clean;
};

/** The extension for a media type; `bin` for one that is not known, whatever the server's name for it ends in. */
export const extensionOf = (mimeType: string | undefined): string => {
  const essence = (mimeType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return (Object.hasOwn(EXTENSIONS, essence) && EXTENSIONS[essence]) || 'bin';
};

/** Makes the folder where it is missing. Throws `invalid_arguments` where no file can be put into it. */
export const prepareFolder = async (folder: string, cwd: string): Promise<void> => {
  const target = resolve(cwd, folder);
  try {
    await makeFolder(target);
    await access(target, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new ToolwayError('invalid_arguments', `--save: ${(cause as Error).message}`, { executed: 'no', cause });
  }
};

/** Saves into `folder`, which is made when it is missing. A name that is taken gets a number; nothing is overwritten. */
const createSave = (folder: string, cwd: string): Save => {
  const target = resolve(cwd, folder);
  return async (data, mimeType, proposed) => {
    await makeFolder(target);
    const stem = safeStem(proposed);
    const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : data;
    for (let number = 1; number <= MOST_TRIES; number += 1) {
      const path = join(target, `${stem}${number === 1 ? '' : `-${number}`}.${extensionOf(mimeType)}`);
      try {
        await writeFile(path, bytes, { flag: 'wx' });
        return path;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
    throw new ToolwayError('internal', `${target} has ${MOST_TRIES} files called ${stem} already`);
  };
};

/** Saves into `folder`, or where nobody named one into a new folder for temporary files that only this user can read. */
export const createSaveOrTemporary = (folder: string | undefined, cwd: string): Save => {
  if (folder !== undefined) return createSave(folder, cwd);
  let made: Promise<Save> | undefined;
  return async (...file) => {
    made ??= mkdtemp(join(tmpdir(), 'toolway-')).then((path) => createSave(path, cwd));
    return (await made)(...file);
  };
};
