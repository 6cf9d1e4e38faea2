/** Texts of files of unknown size: regular ones, pipes, devices. */
import { createReadStream } from 'node:fs';

/** The text of a file; nothing when it has more bytes than allowed. No more than that is ever read. */
export const readBounded = async (path: string, maxBytes: number): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of createReadStream(path, { end: maxBytes })) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks).toString('utf8');
};
