/** The beginning of a connection: who is there, and what for. Nothing is believed before that. */
import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { ToolwayError } from '../../errors.ts';
import {
  createFrameReader,
  FRAME,
  type Frame,
  type Hello,
  jsonFrame,
  MAX_FRAME_BYTES,
  MAX_HELLO_BYTES,
  type Refusal,
  type WarmLine,
  type Welcome,
} from './frames.ts';
import type { Secrets } from './place.ts';

/** How long a connection may take to say who it is, and what it wants. */
const HELLO_MS = 5_000;

export interface Taking {
  /** Why nobody is served now who wants that. */
  refusal(want: Hello['want']): string | undefined;
  /** Somebody who may be served is there, for a line or to ask. */
  welcome(want: Hello['want']): void;
  /** The line has come. Gives who takes what comes for it. */
  open(line: WarmLine): (frame: Frame) => void;
}

const same = (given: unknown, own: string): boolean =>
  typeof given === 'string' && given.length === own.length && timingSafeEqual(Buffer.from(given), Buffer.from(own));

/** Finds out who is there, before anything else is read, and hands over what comes afterwards. */
export const greet = (socket: Socket, { token, proof }: Secrets, { refusal, welcome, open }: Taking): void => {
  const reader = createFrameReader(MAX_HELLO_BYTES);
  const timer = setTimeout(() => socket.destroy(), HELLO_MS);
  socket.on('close', () => clearTimeout(timer));

  const refuse = (why: string): void => {
    clearTimeout(timer);
    socket.off('data', onData);
    socket.end(jsonFrame(FRAME.refused, { why } satisfies Refusal));
  };
  const hello = ({ kind, body }: Frame): void => {
    const { token: given, want = 'status' } = JSON.parse(body.toString()) as Partial<Hello>;
    const isKnown = kind === FRAME.hello && same(given, token);
    const why = isKnown ? refusal(want) : 'the daemon does not know you';
    if (why !== undefined) {
      refuse(why);
      return;
    }
    reader.allow(MAX_FRAME_BYTES);
    socket.write(jsonFrame(FRAME.welcome, { proof, pid: process.pid } satisfies Welcome));
    if (want !== 'line') clearTimeout(timer);
    take = want === 'line' ? line : () => {};
    welcome(want);
  };
  const line = ({ kind, body }: Frame): void => {
    if (kind !== FRAME.line) throw new ToolwayError('protocol_error', 'the line is missing');
    clearTimeout(timer);
    take = open(JSON.parse(body.toString()) as WarmLine);
  };
  /** Who takes the next frame: several may come at once. */
  let take = hello;
  const onData = (chunk: Buffer): void => {
    try {
      for (const frame of reader.push(chunk)) take(frame);
    } catch {
      socket.destroy();
    }
  };
  socket.on('data', onData);
};
