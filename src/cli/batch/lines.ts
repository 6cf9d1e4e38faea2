/** A stream of bytes as lines: counted, bounded in length, none ahead of its reader. */

/** One line, without its end. Of one that is too long only the beginning is kept. */
export interface RawLine {
  /** Counted from 1. */
  number: number;
  bytes: Buffer;
  tooLong: boolean;
  /** False for what follows the last line end. */
  complete: boolean;
  /** Where the line after it begins, in bytes from the start of the stream. */
  end: number;
}

const NEWLINE = 0x0a;

/** The lines of `chunks`. Of a line longer than `maxBytes` so much is kept; the rest passes unread. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<RawLine> {
  let number = 0;
  let end = 0;
  let parts: Uint8Array[] = [];
  let kept = 0;
  let length = 0;
  const keep = (piece: Uint8Array): void => {
    const part = piece.subarray(0, maxBytes - kept);
    if (part.length > 0) parts.push(part);
    kept += part.length;
    length += piece.length;
  };
  const take = (complete: boolean): RawLine => {
    number += 1;
    end += length + (complete ? 1 : 0);
    const line = { number, bytes: Buffer.concat(parts), tooLong: length > maxBytes, complete, end };
    parts = [];
    kept = 0;
    length = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, at));
      from = at + 1;
      yield take(true);
    }
    keep(chunk.subarray(from));
  }
  if (length > 0) yield take(false);
}
