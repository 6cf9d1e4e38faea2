/** Goes on behind events that are too large, and reads whose answer each was. Only streams that outlive an event need it. */
import { createEnvelopeScan, type Envelope, type EnvelopeScan } from './envelope-scan.ts';
import type { Skip, Skipping } from './event-stream.ts';

const LF = 10;
const CR = 13;
/** An event that is still going on after this many bytes holds up all that stand behind it for too long. */
const MAX_SKIPPED_BYTES = 256 * 1024 * 1024;

/** When an event is given up altogether. */
export interface SkipOptions {
  /** One event has no end; nothing more is read of its stream. */
  onendless: () => void;
  maxSkippedBytes?: number;
}

/** Drops the rest of an event and reads its envelope meanwhile, which is known where the data stands in one line. */
class LineSkip implements Skip {
  readonly #scan: EnvelopeScan | undefined;
  /** The line in which the event became too large is still going on. */
  #inFirstLine = true;
  #lineOpen: boolean;
  #last = 0;
  #known: boolean;
  #skipped = 0;
  readonly #options: SkipOptions;

  constructor(options: SkipOptions, line: Uint8Array, oneLine: boolean) {
    this.#options = options;
    this.#lineOpen = line.length > 0;
    this.#known = oneLine && startsWith(line, DATA);
    if (this.#known) {
      this.#scan = createEnvelopeScan();
      this.#scan.push(line.subarray(DATA.length));
    }
  }

  get envelope(): Envelope | undefined {
    return this.#known ? this.#scan?.envelope : undefined;
  }

  feed(chunk: Uint8Array): Uint8Array | undefined {
    const { onendless, maxSkippedBytes = MAX_SKIPPED_BYTES } = this.#options;
    if (this.#skipped > maxSkippedBytes) return undefined;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte !== LF && byte !== CR) {
        if (!this.#inFirstLine && !this.#lineOpen && byte === DATA[0]) this.#known = false;
        this.#lineOpen = true;
      } else if (byte === CR || this.#last !== CR) {
        if (this.#inFirstLine && this.#known) this.#scan?.push(chunk.subarray(0, at));
        this.#inFirstLine = false;
        if (!this.#lineOpen) return chunk.subarray(at + 1);
        this.#lineOpen = false;
      }
      this.#last = byte ?? 0;
    }
    if (this.#inFirstLine && this.#known) this.#scan?.push(chunk);
    this.#skipped += chunk.length;
    if (this.#skipped > maxSkippedBytes) onendless();
    return undefined;
  }
}

const DATA = new TextEncoder().encode('data:');
const startsWith = (bytes: Uint8Array, prefix: Uint8Array): boolean => prefix.every((byte, at) => bytes[at] === byte);

/** What `EventStream` takes as `skipTooLarge`. */
export const createSkipping = (options: SkipOptions): Skipping => ({
  begin: (line, oneLine) => new LineSkip(options, line, oneLine),
  envelopeOf(data) {
    const scan = createEnvelopeScan();
    scan.push(new TextEncoder().encode(data));
    return scan.envelope;
  },
});
