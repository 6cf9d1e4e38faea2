/** The input of a batch: a file that is read twice and may be continued, or stdin. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ToolwayError } from '../../errors.ts';
import { readFailure } from '../../node/read-failure.ts';
import { isBlank, MAX_LINE_BYTES } from './call-line.ts';
import { linesOf, type RawLine } from './lines.ts';

export interface Input {
  /** How many lines ask for something; undefined for stdin, which is read once. */
  total: number | undefined;
  sha256: string;
  bytes: number;
  lines(): AsyncGenerator<RawLine>;
}

/** Reads a file once, to know how much there is and that it is the same the next time. Throws `invalid_arguments` when it cannot be read. */
export const openInput = async (path: string, shown: string): Promise<Input> => {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(path)) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  }
  let total = 0;
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is no file');
    for await (const line of linesOf(hashed(), MAX_LINE_BYTES)) if (!isBlank(line)) total += 1;
  } catch (error) {
    throw new ToolwayError('invalid_arguments', `cannot read ${shown}: ${readFailure(error)}`, {
      executed: 'no',
      cause: error,
    });
  }
  // What is appended from now on belongs to another batch.
  const lines = () => linesOf(bytes === 0 ? nothing() : createReadStream(path, { end: bytes - 1 }), MAX_LINE_BYTES);
  return { total, sha256: hash.digest('hex'), bytes, lines };
};

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Lines that come once. */
export const streamInput = (chunks: AsyncIterable<Uint8Array>): Input => ({
  total: undefined,
  sha256: '',
  bytes: 0,
  lines: () => linesOf(chunks, MAX_LINE_BYTES),
});
