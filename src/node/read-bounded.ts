/** Texts of files of unknown size: regular ones, pipes, devices. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Where the pipes are that the process was given open: /dev/stdin, and what a shell makes of `<(…)`. */
const GIVEN = /^\/(dev|proc)\//;

/**
 * The text of a file; nothing when it has more bytes than allowed. No more than that is ever read. Throws for a named
 * pipe: where nobody writes, opening it would hold a thread, and with it the end of the process.
 */
export const readBounded = async (path: string, maxBytes: number): Promise<string | undefined> => {
  if (!GIVEN.test(path) && (await stat(path)).isFIFO()) throw new Error(`${path} is a named pipe, not a file`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of createReadStream(path, { end: maxBytes })) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks).toString('utf8');
};
