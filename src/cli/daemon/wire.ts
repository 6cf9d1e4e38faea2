/** The daemon's end of a connection. */
import type { Socket } from 'node:net';

export interface Wire {
  /** Resolves when the system has taken it, or nobody is there any more. */
  send(frame: Uint8Array): Promise<void>;
  /** Bytes that the system has not taken yet. */
  unread(): number;
}

export const createWire = (socket: Socket): Wire => ({
  send: (frame) =>
    new Promise((resolve) => {
      if (socket.writable) socket.write(frame, () => resolve());
      else resolve();
    }),
  unread: () => socket.writableLength,
});
