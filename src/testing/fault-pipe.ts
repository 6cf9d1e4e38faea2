/** The fault proxy for stdio: a program between client and server whose traffic runs through this process. */
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import { createFaultListener } from './fault-listener.ts';
import { createFaultyLink } from './faulty-link.ts';
import { chooseSeed, createRandom } from './random.ts';
import { createToxicShelf, LINK_TYPES, MESSAGE_TYPES, type ToxicShelf } from './toxic-shelf.ts';

/** How a fault pipe is made. */
export interface FaultPipeOptions {
  /** All that is random comes from this number. Default: `TOOLWAY_SEED` from the environment, else any. */
  seed?: number;
  clock?: Clock;
}

/** A stdio server behind toxics. */
export interface FaultPipe extends ToxicShelf {
  /** The server's configuration, by which it is reached through the pipe. */
  readonly config: ServerConfig;
  /** Repeats the chances of this run, given as `seed`. */
  readonly seed: number;
  /** How often the server was started. */
  readonly starts: number;
  /** Kills the running server and its link. */
  cut(): void;
  close(): Promise<void>;
}

const RELAY = fileURLToPath(new URL('./stdio-relay.js', import.meta.url));

/**
 * Takes the configuration of a stdio server and gives one whose traffic passes through toxics: all of Toxiproxy's, and
 * those for messages, which are lines here. A reset or refused link is a server that exits with code 1. Rejects with
 * `invalid_config` when the server is none that is started by a command.
 */
export const createFaultPipe = async (
  config: ServerConfig,
  { seed = chooseSeed(), clock = systemClock }: FaultPipeOptions = {},
): Promise<FaultPipe> => {
  const { command, args = [] } = config;
  if (command === undefined) throw new ToolwayError('invalid_config', 'a fault pipe needs a server with a command');
  const random = createRandom(seed);
  const shelf = createToxicShelf([...LINK_TYPES, ...MESSAGE_TYPES], 'a fault pipe');
  /** The first of each pair of connections, until the second one comes. */
  const halves = new Map<string, { side: string; socket: Socket }>();
  let starts = 0;

  const join = (side: string, pair: string, socket: Socket): void => {
    const other = halves.get(pair);
    if (other === undefined) {
      halves.set(pair, { side, socket });
      socket.on('close', () => halves.delete(pair));
      return;
    }
    halves.delete(pair);
    starts += 1;
    const [client, target] = side === 'outer' ? [socket, other.socket] : [other.socket, socket];
    if (listener.refuses()) {
      for (const end of [client, target]) end.resetAndDestroy();
      return;
    }
    const link = createFaultyLink({ client, target, shelf, clock, random, framing: 'line' });
    for (const end of [client, target]) listener.adopt(end, link);
  };
  const listener = await createFaultListener({
    shelf,
    random,
    accept(socket) {
      greeting(socket, (line) => {
        const [side = '', pair = ''] = line.split(' ');
        join(side, pair, socket);
      });
      return undefined;
    },
  });

  const { add, remove, clear, toxics } = shelf;
  return {
    add,
    remove,
    clear,
    toxics,
    seed,
    config: { ...config, command: process.execPath, args: [RELAY, String(listener.port), command, ...args] },
    get starts() {
      return starts;
    },
    cut: listener.cut,
    close: listener.close,
  };
};

/** The first line that a connection says; what follows it stays to be read. */
const greeting = (socket: Socket, heard: (line: string) => void): void => {
  const read = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    const end = chunk.indexOf('\n');
    socket.off('readable', read);
    if (end < 0) {
      socket.destroy();
      return;
    }
    if (end + 1 < chunk.length) socket.unshift(chunk.subarray(end + 1));
    heard(chunk.subarray(0, end).toString('latin1'));
  };
  socket.on('readable', read);
};
