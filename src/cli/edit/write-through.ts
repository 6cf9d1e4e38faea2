/** Replaces a configuration file as a whole, behind whatever links lead to it. */
import { randomUUID } from 'node:crypto';
import { lstat, open, readFile, readlink, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { MAX_CONFIG_BYTES } from '../../config/text.ts';
import { ToolwayError } from '../../errors.ts';
import { makeFolder } from '../../node/make-folder.ts';

const MAX_LINKS = 16;

const failed = (path: string, cause: unknown): ToolwayError =>
  cause instanceof ToolwayError
    ? cause
    : new ToolwayError('invalid_config', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
        executed: 'no',
        cause,
      });

/** The file that a path leads to, whether it is there or not. */
const behindLinks = async (path: string): Promise<string> => {
  let at = path;
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const found = await lstat(at).catch(() => undefined);
    if (found === undefined || !found.isSymbolicLink()) return at;
    at = resolve(dirname(at), await readlink(at));
  }
  throw new Error('too many links');
};

/** The text of a file; empty where there is none. */
export const readForEdit = async (path: string): Promise<string> => {
  try {
    const { size } = await stat(path);
    if (size > MAX_CONFIG_BYTES) throw new Error(`larger than ${MAX_CONFIG_BYTES} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw failed(path, error);
  }
};

/**
 * Writes a text where `before` stands, beside the file and then in its place: after a crash it is the old one or the new
 * one. The file keeps its mode. Throws `invalid_config` where somebody else has changed it meanwhile, or it cannot be written.
 */
export const writeThrough = async (path: string, before: string, text: string): Promise<void> => {
  try {
    const file = await behindLinks(path);
    const mode = await stat(file).then(
      (found) => found.mode & 0o777,
      () => undefined,
    );
    await makeFolder(dirname(file));
    const draft = join(dirname(file), `.${basename(file)}.${randomUUID()}`);
    try {
      const handle = await open(draft, 'wx', mode ?? 0o666);
      try {
        if (mode !== undefined) await handle.chmod(mode);
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      if ((await readForEdit(file)) !== before) throw new Error('was changed meanwhile, and is left as it is now');
      await rename(draft, file);
    } finally {
      await rm(draft, { force: true });
    }
  } catch (error) {
    throw failed(path, error);
  }
};
