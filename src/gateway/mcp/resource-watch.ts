/**
 * Updates of resources, on the connection that is the caller's: each is subscribed to once for all who want to hear of it,
 * of whichever era they are, and what one's own servers are subscribed to for keeps their connection.
 */
import type { Toolkit } from '../../api.ts';
import { whenAborted } from '../../when-aborted.ts';

/** Where a resource is watched. */
export interface Place {
  server: string;
  /** Of `dispatch.scopeOf`; empty for the connection that all share. */
  scope: string;
  uri: string;
  principal: string;
}

/** Stops hearing. Rejects when the server could not be told. With `gone` it is not told: its connection ends anyway. */
export type Leave = (options?: { gone?: boolean }) => Promise<void>;

export interface ResourceWatch {
  /** Hears of updates from when the server has agreed; resolves to the means to stop. */
  add(place: Place, hear: () => void): Promise<Leave>;
}

interface Watched extends Place {
  hearers: Set<() => void>;
  agreed: Promise<void>;
  held: Promise<() => Promise<void>>;
}

export const createResourceWatch = ({
  toolkit,
  closing,
}: {
  toolkit: Toolkit;
  closing: AbortSignal;
}): ResourceWatch => {
  const watched = new Map<string, Watched>();
  /** What servers are being told that nobody wants to hear of any more: it must not come after the next wish. */
  const leaving = new Map<string, Promise<void>>();

  const subscribe = ({ server, scope, principal, uri }: Place): Promise<void> =>
    toolkit.server(server).subscribe(uri, { scope, principal });
  const subscribeAgain = ({ server, scope }: { server: string; scope: string }): void => {
    for (const each of watched.values())
      if (each.server === server && each.scope === scope) subscribe(each).catch(() => {});
  };
  const stops = [
    toolkit.on('resource_updated', ({ server, scope, uri }) => {
      for (const hear of watched.get(keyOf({ server, scope, uri }))?.hearers ?? []) hear();
    }),
    // To subscribe brings the connection back; where it fails, whoever calls over it next does.
    toolkit.on('disconnected', (gone) => subscribeAgain(gone)),
    toolkit.on('connected', (back) => subscribeAgain(back)),
  ];
  whenAborted(closing, () => {
    for (const stop of stops) stop();
  });

  const begin = (key: string, place: Place): Watched => {
    const one: Watched = {
      ...place,
      hearers: new Set(),
      agreed: (leaving.get(key) ?? Promise.resolve()).then(() => subscribe(place)),
      held: toolkit.holdScope(place.scope, { close: false }),
    };
    watched.set(key, one);
    return one;
  };
  const unsubscribe = async (key: string, { server, scope, principal, uri }: Place): Promise<void> => {
    const told = toolkit.server(server).unsubscribe(uri, { scope, principal });
    const over = told.catch(() => {});
    leaving.set(key, over);
    void over.then(() => {
      if (leaving.get(key) === over) leaving.delete(key);
    });
    await told;
  };
  /** A connection of one scope: the toolkit looks after the subscriptions of the one that all share. */
  const addScoped = async (place: Place, hear: () => void): Promise<Leave> => {
    const key = keyOf(place);
    const one = watched.get(key) ?? begin(key, place);
    one.hearers.add(hear);
    const leave = async (): Promise<boolean> => {
      if (!one.hearers.delete(hear) || one.hearers.size > 0) return false;
      watched.delete(key);
      await (await one.held)();
      return true;
    };
    try {
      await one.agreed;
    } catch (error) {
      await leave();
      throw error;
    }
    return async ({ gone = false } = {}) => {
      if ((await leave()) && !gone) await unsubscribe(key, place);
    };
  };

  return {
    async add(place, hear) {
      const { server, scope, uri } = place;
      return scope === '' ? toolkit.subscribeResource(uri, hear, { server }) : addScoped(place, hear);
    },
  };
};

const keyOf = ({ server, scope, uri }: Omit<Place, 'principal'>): string => JSON.stringify([server, scope, uri]);
