/** Bytes that arrive in pieces, and their text. */

const EMPTY = new Uint8Array(0);
const SMALLEST_BUFFER = 1024;

/**
 * Collects chunks. A single chunk is kept as it is; more are copied into one growing buffer, so that a body sliced into
 * single bytes costs no more than a body in one piece.
 */
export class ByteStore {
  #bytes: Uint8Array = EMPTY;
  #length = 0;
  #own = false;

  get length(): number {
    return this.#length;
  }

  add(chunk: Uint8Array): void {
    if (this.#length === 0) {
      this.#bytes = chunk;
      this.#length = chunk.length;
      this.#own = false;
      return;
    }
    const length = this.#length + chunk.length;
    if (!this.#own || length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length * 2, SMALLEST_BUFFER));
      grown.set(this.view());
      this.#bytes = grown;
      this.#own = true;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }

  /** What is held now; valid until the next `add`. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** What is held now; the store is empty afterwards. */
  take(): Uint8Array {
    const view = this.view();
    this.#bytes = EMPTY;
    this.#length = 0;
    return view;
  }
}

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** The UTF-8 of a text. */
export const encode = (text: string): Uint8Array => encoder.encode(text);

/** Text of a whole message; a byte order mark is dropped. Throws `TypeError` where it is not UTF-8. */
export const decodeStrict = (bytes: Uint8Array): string => strict.decode(bytes);

/** Text of any bytes; what is not UTF-8 becomes U+FFFD. A byte order mark is kept. */
export const decodeLenient = (bytes: Uint8Array): string => lenient.decode(bytes);
