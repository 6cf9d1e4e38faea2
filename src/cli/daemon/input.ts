/** stdin of a line that runs in the daemon. It is read at the other end only while somebody wants it here. */
import { Readable } from 'node:stream';
import { ToolwayError } from '../../errors.ts';
import type { KeyInput } from '../terminal.ts';
import type { Wish } from './frames.ts';

/** What a line may be given as a whole, in bytes. */
export const MAX_STDIN_BYTES = 64 * 1024 * 1024;

export interface RemoteInput {
  /** The bytes as they come. */
  readonly bytes: Readable;
  /** All of it, once. Rejects with `message_too_large`. */
  text(): Promise<string>;
  /** The same as a keyboard. */
  readonly keys: KeyInput;
  /** What has come from the other end; nothing at its end. */
  take(chunk: Uint8Array): void;
}

export const createRemoteInput = (wish: (wanted: Wish) => void): RemoteInput => {
  let isRead = false;
  const want = (reads: boolean): void => {
    if (reads !== isRead) wish({ stdin: reads ? 'read' : 'pause' });
    isRead = reads;
  };
  const bytes = new Readable({ read: () => want(true) });
  return {
    bytes,
    async text() {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of bytes as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > MAX_STDIN_BYTES) {
          throw new ToolwayError('message_too_large', `stdin has more than ${MAX_STDIN_BYTES} bytes`, {
            limit: MAX_STDIN_BYTES,
            executed: 'no',
          });
        }
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString('utf8');
    },
    keys: {
      on: (event: 'data' | 'end', listener: (chunk: Buffer) => void) => bytes.on(event, listener),
      off: (event, listener) => bytes.off(event, listener),
      setRawMode: (raw) => wish({ raw }),
      resume() {
        bytes.resume();
        want(true);
      },
      pause() {
        bytes.pause();
        want(false);
      },
    },
    take(chunk) {
      if (chunk.length === 0) bytes.push(null);
      else if (!bytes.push(chunk)) want(false);
    },
  };
};
