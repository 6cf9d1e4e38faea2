/** What is said between a line and the daemon: frames of a length (4 bytes, big-endian), a kind (1 byte) and a body. */
import { ToolwayError } from '../../errors.ts';

/** The kinds of frames. The number is what is sent. */
export const FRAME = {
  /** First of all, to the daemon: `Hello`. */
  hello: 1,
  /** The daemon takes a line: `Welcome`. */
  welcome: 2,
  /** It takes none: `Refusal`. */
  refused: 3,
  /** The line: `WarmLine`. */
  line: 4,
  stdout: 5,
  stderr: 6,
  /** Bytes of stdin; none where it has ended. */
  stdin: 7,
  /** A signal, to the daemon: its name. */
  signal: 8,
  /** The terminal has another size: `columns` of stdout and stderr. */
  size: 9,
  /** What the daemon wants of the terminal: `Wish`. */
  wish: 10,
  /** What came of opening a URL: `{ id, error? }`. */
  opened: 11,
  /** The exit code; nothing comes after it. */
  exit: 12,
  /** The answer to a question about the daemon: `DaemonReport`. */
  report: 13,
} as const;

/** Of one frame. Output is cut into smaller ones; an environment is not. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
/** Of the first frame, before anybody is known. */
export const MAX_HELLO_BYTES = 4 * 1024;

/** Who is there, and what for. */
export interface Hello {
  token: string;
  want: 'line' | 'status' | 'stop';
}

/** The daemon has the same file as whoever asks it: nobody else can know `proof`. */
export interface Welcome {
  proof: string;
  pid: number;
}

/** Why no line is taken. */
export interface Refusal {
  why: string;
}

/** One of the standard streams, as the line has it. */
export interface StreamFacts {
  isTty: boolean;
  columns?: number;
}

/** A line and the world around it. */
export interface WarmLine {
  words: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  stdout: StreamFacts;
  stderr: StreamFacts;
  /** A person can be asked. */
  hasTerminal: boolean;
}

/** What the daemon wants of the terminal of a line. */
export type Wish = { stdin: 'read' | 'pause' } | { raw: boolean } | { open: string; id: number };

export interface Frame {
  kind: number;
  body: Buffer;
}

const HEAD_BYTES = 5;

export const frameOf = (kind: number, body: string | Uint8Array = ''): Buffer => {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const frame = Buffer.allocUnsafe(HEAD_BYTES + bytes.length);
  frame.writeUInt32BE(bytes.length, 0);
  frame.writeUInt8(kind, 4);
  frame.set(bytes, HEAD_BYTES);
  return frame;
};

export const jsonFrame = (kind: number, value: unknown): Buffer => frameOf(kind, JSON.stringify(value));

export interface FrameReader {
  /** Gives the frames that are complete with this. Throws `message_too_large`. */
  push(chunk: Buffer): Frame[];
  /** From now on frames may have this many bytes. */
  allow(bytes: number): void;
}

export const createFrameReader = (maxBytes: number): FrameReader => {
  let limit = maxBytes;
  let parts: Buffer[] = [];
  let held = 0;
  let wanted = HEAD_BYTES;

  return {
    allow(bytes) {
      limit = bytes;
    },
    push(chunk) {
      parts.push(chunk);
      held += chunk.length;
      const frames: Frame[] = [];
      while (held >= wanted) {
        const all: Buffer = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
        const bytes = all.readUInt32BE(0);
        if (bytes > limit) {
          throw new ToolwayError('message_too_large', `a frame of ${bytes} bytes, and ${limit} are the most`, {
            limit,
            executed: 'no',
          });
        }
        wanted = HEAD_BYTES + bytes;
        parts = [all];
        if (all.length < wanted) break;
        frames.push({ kind: all.readUInt8(4), body: all.subarray(HEAD_BYTES, wanted) });
        parts = [all.subarray(wanted)];
        held = all.length - wanted;
        wanted = HEAD_BYTES;
      }
      return frames;
    },
  };
};
