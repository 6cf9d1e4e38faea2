/** Where the connections of a proxy come in. It can be down, and comes back on the same port. */
import { createServer, type Server, type Socket } from 'node:net';
import type { FaultyLink } from './faulty-link.ts';
import type { AddedToxic, OwnShelf } from './toxic-shelf.ts';

export interface FaultListenerOptions {
  shelf: OwnShelf;
  /** 0: a free one. */
  port?: number;
  random: () => number;
  /** Makes a link of a new connection; without one it is only kept, to be closed in time. */
  accept(client: Socket): FaultyLink | undefined;
}

export interface FaultListener {
  readonly port: number;
  /** Connections that are open now, and since the start. */
  readonly connections: number;
  readonly accepted: number;
  /** Gives a connection that was only kept its link. */
  adopt(client: Socket, link: FaultyLink): void;
  /** Whether chance has a new connection refused. */
  refuses(): boolean;
  cut(): void;
  close(): Promise<void>;
}

export const HOST = '127.0.0.1';

/** Resolves when it listens. */
export const createFaultListener = async (options: FaultListenerOptions): Promise<FaultListener> => {
  const { shelf, random, accept } = options;
  const links = new Map<Socket, FaultyLink | undefined>();
  let port = options.port ?? 0;
  let accepted = 0;
  let listening: Server | undefined;
  let closed = false;

  const isDown = ({ toxic, toxicity }: AddedToxic): boolean => toxic.type === 'down' && toxicity >= 1;

  const admit = (client: Socket): void => {
    accepted += 1;
    client.setNoDelay(true);
    client.on('error', () => {});
    links.set(client, undefined);
    client.on('close', () => links.delete(client));
    const link = accept(client);
    if (link !== undefined && links.has(client)) links.set(client, link);
  };
  const listen = async (): Promise<void> => {
    const server = createServer({ allowHalfOpen: true }, admit);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, HOST, 4_096, resolve);
    });
    listening = server;
    port = (server.address() as { port: number }).port;
  };
  const cut = (): void => {
    for (const [client, link] of links) {
      if (link === undefined) client.resetAndDestroy();
      else link.reset();
    }
  };
  const stop = async (): Promise<void> => {
    const server = listening;
    listening = undefined;
    if (server === undefined) return;
    const gone = new Promise<void>((resolve) => server.close(() => resolve()));
    cut();
    await gone;
  };

  shelf.listen({
    added: (entry) => (isDown(entry) ? stop() : undefined),
    async removed(entry) {
      if (isDown(entry) && !closed && listening === undefined && !shelf.entries.some(isDown)) await listen();
    },
  });
  await listen();

  return {
    get port() {
      return port;
    },
    get connections() {
      return links.size;
    },
    get accepted() {
      return accepted;
    },
    adopt: (client, link) => void links.set(client, link),
    refuses: () => shelf.entries.some(({ toxic, toxicity }) => toxic.type === 'down' && random() < toxicity),
    cut,
    async close() {
      closed = true;
      await stop();
    },
  };
};
