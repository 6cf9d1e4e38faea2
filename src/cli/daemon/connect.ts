/** How a line reaches the daemon. */
import type { Socket } from 'node:net';
import {
  createFrameReader,
  FRAME,
  type Frame,
  type FrameReader,
  type Hello,
  jsonFrame,
  MAX_FRAME_BYTES,
  type Refusal,
  type Welcome,
} from './frames.ts';
import { type Place, readSecrets } from './place.ts';

/** A connection on which a line can be sent; or why there is none, and whether it is for want of a daemon. */
export type Reached = Connection | { absent: boolean; why: string };

export interface Connection {
  socket: Socket;
  /** Of the daemon. */
  pid: number;
  /** Hears what comes from now on. */
  listen(listener: Listener): void;
}

/** Takes every frame, and the end. */
export interface Listener {
  frame(frame: Frame): void;
  /** There will be no more. */
  closed(): void;
}

/** Longer than this nobody waits to hear who is there. */
const GREETING_MS = 2_000;

const STRANGER = { absent: false, why: 'somebody else listens in the place of the daemon' };
const ABSENT = ['ENOENT', 'ECONNREFUSED'];

/** Connects and shows that both have the same secrets. Never throws. */
export const reach = (place: Place, want: Hello['want']): Promise<Reached> => {
  let secrets: ReturnType<typeof readSecrets>;
  try {
    secrets = readSecrets(place);
  } catch (error) {
    return Promise.resolve({ absent: false, why: (error as Error).message });
  }
  if (secrets === undefined) return Promise.resolve({ absent: true, why: 'there is no daemon' });
  const { token, proof } = secrets;

  return new Promise((resolve) => {
    const socket = process.getBuiltinModule('node:net').connect(place.socket);
    const reader = createFrameReader(MAX_FRAME_BYTES);
    const end = (reached: Reached): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.pause();
      if (!('socket' in reached)) socket.on('error', () => {}).destroy();
      resolve(reached);
    };
    const timer = setTimeout(() => end({ absent: false, why: 'the daemon does not answer' }), GREETING_MS);
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) =>
      end({ absent: ABSENT.includes(code ?? ''), why: message }),
    );
    socket.on('close', () => end({ absent: true, why: 'the daemon has just left' }));
    socket.on('connect', () => socket.write(jsonFrame(FRAME.hello, { token, want } satisfies Hello)));
    socket.on('data', (chunk) => {
      try {
        const [frame, ...early] = reader.push(chunk);
        if (frame === undefined) return;
        const said = JSON.parse(frame.body.toString()) as Partial<Refusal & Welcome> | null;
        if (frame.kind === FRAME.refused) end({ absent: false, why: String(said?.why) });
        else if (said?.proof === proof && said.pid !== undefined)
          end({ socket, pid: said.pid, listen: (listener) => hear(socket, reader, early, listener) });
        else end(STRANGER);
      } catch {
        end(STRANGER);
      }
    });
  });
};

const hear = (socket: Socket, reader: FrameReader, early: Frame[], { frame, closed }: Listener): void => {
  for (const each of early) frame(each);
  socket.on('data', (chunk) => {
    for (const each of reader.push(chunk)) frame(each);
  });
  socket.on('error', () => {});
  socket.on('close', closed);
  socket.resume();
};
