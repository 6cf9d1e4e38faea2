/** The end of an endless stream of bytes, in a fixed amount of memory. */

export interface ByteTail {
  push(chunk: Uint8Array): void;
  /** What is kept, as text; half a character at the cut is left out. */
  text(): string;
}

/** Keeps the last `maxBytes` that were pushed, in a ring that is allocated with the first of them. */
export const createByteTail = (maxBytes: number): ByteTail => {
  let ring: Buffer | undefined;
  let next = 0;
  let full = false;
  return {
    push(chunk) {
      ring ??= Buffer.alloc(maxBytes);
      const kept = chunk.length > maxBytes ? chunk.subarray(chunk.length - maxBytes) : chunk;
      const untilEnd = Math.min(kept.length, maxBytes - next);
      ring.set(kept.subarray(0, untilEnd), next);
      ring.set(kept.subarray(untilEnd), 0);
      if (next + kept.length >= maxBytes) full = true;
      next = (next + kept.length) % maxBytes;
    },
    text() {
      if (ring === undefined) return '';
      if (!full) return ring.toString('utf8', 0, next);
      const bytes = Buffer.concat([ring.subarray(next), ring.subarray(0, next)]);
      let start = 0;
      while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
      return bytes.toString('utf8', start);
    },
  };
};
