/** Finds the messages in a stream of bytes: lines, or events of an event stream. */

/** What ends one message. */
export type Framing = 'line' | 'event';

const ENDS: Record<Framing, RegExp> = { line: /\n/g, event: /\r\n\r\n|\n\n|\r\r/g };

export interface MessageSplitter {
  /** The messages that are complete now, each with its end. */
  push(bytes: Uint8Array): Buffer[];
  /** What is left and has no end yet. */
  rest(): Buffer;
}

/** Nothing is lost or changed: all messages and the rest, one behind the other, are what was pushed. */
export const createMessageSplitter = (framing: Framing): MessageSplitter => {
  // Each byte is one character, so positions in the text are positions in the bytes.
  let held = '';
  const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');
  return {
    push(bytes) {
      held += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
      const found: Buffer[] = [];
      let start = 0;
      for (const match of held.matchAll(ENDS[framing])) {
        const end = match.index + match[0].length;
        found.push(bytesOf(held.slice(start, end)));
        start = end;
      }
      held = held.slice(start);
      return found;
    },
    rest() {
      const left = bytesOf(held);
      held = '';
      return left;
    },
  };
};
