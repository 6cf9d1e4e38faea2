/** What is typed and pasted while nobody reads, until somebody does. */
import { MAX_PASTE_BYTES, type Paste } from './pastes.ts';

/** Of keys; what is pasted may be as much as one paste. */
export const MAX_HELD_BYTES = 64 * 1024;

export interface TypedAhead {
  add(keys: Buffer): void;
  addPaste(paste: Paste): void;
  drop(): void;
  /** All of it in its order, and how many bytes were left out since the last time; nothing is held then. */
  take(): { items: (Buffer | Paste)[]; lost: number };
}

export const createTypedAhead = (): TypedAhead => {
  let items: (Buffer | Paste)[] = [];
  let typedBytes = 0;
  let pastedBytes = 0;
  let lost = 0;
  const drop = (): void => {
    items = [];
    typedBytes = 0;
    pastedBytes = 0;
    lost = 0;
  };
  return {
    drop,
    add(keys) {
      const some = keys.subarray(0, MAX_HELD_BYTES - typedBytes);
      lost += keys.length - some.length;
      if (some.length === 0) return;
      typedBytes += some.length;
      const last = items.at(-1);
      if (Buffer.isBuffer(last)) items[items.length - 1] = Buffer.concat([last, some]);
      else items.push(some);
    },
    addPaste(paste) {
      const bytes = paste.bytes.subarray(0, MAX_PASTE_BYTES - pastedBytes);
      pastedBytes += bytes.length;
      const cut = paste.lost + paste.bytes.length - bytes.length;
      // What is left of a paste tells of its own loss.
      if (bytes.length === 0) lost += cut;
      else items.push({ ...paste, bytes, lost: cut });
    },
    take() {
      const taken = { items, lost };
      drop();
      return taken;
    },
  };
};
