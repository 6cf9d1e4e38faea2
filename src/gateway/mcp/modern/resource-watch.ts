/** Updates of resources, on the connection that is the caller's: each is subscribed to once for all who want to hear of it. */
import { whenAborted } from '../../../when-aborted.ts';
import type { GatewayContext } from '../../context.ts';

/** Where a resource is watched. */
export interface Place {
  server: string;
  /** Of `dispatch.scopeOf`; empty for the connection that all share. */
  scope: string;
  uri: string;
}

export interface ResourceWatch {
  /** Hears of updates from when the server has agreed; resolves to the means to stop. */
  add(place: Place, hear: () => void): Promise<() => void>;
}

interface Watched extends Place {
  hearers: Set<() => void>;
  agreed: Promise<void>;
}

export const createResourceWatch = ({
  toolkit,
  closing,
}: Pick<GatewayContext, 'toolkit' | 'closing'>): ResourceWatch => {
  const watched = new Map<string, Watched>();

  const subscribe = ({ server, scope, uri }: Place): Promise<void> => toolkit.server(server).subscribe(uri, { scope });
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

  /** A connection of one scope: the toolkit looks after the subscriptions of the one that all share. */
  const addScoped = async (place: Place, hear: () => void): Promise<() => void> => {
    const key = keyOf(place);
    const one = watched.get(key) ?? { ...place, hearers: new Set(), agreed: subscribe(place) };
    watched.set(key, one);
    one.hearers.add(hear);
    const leave = (): boolean => one.hearers.delete(hear) && one.hearers.size === 0 && watched.delete(key);
    await one.agreed.catch((error: unknown) => {
      leave();
      throw error;
    });
    return () => {
      // A server that is gone has nothing to be told.
      if (leave())
        toolkit
          .server(place.server)
          .unsubscribe(place.uri, { scope: place.scope })
          .catch(() => {});
    };
  };

  return {
    async add(place, hear) {
      const { server, scope, uri } = place;
      if (scope !== '') return addScoped(place, hear);
      const release = await toolkit.subscribeResource(uri, hear, { server });
      return () => void release().catch(() => {});
    },
  };
};

const keyOf = ({ server, scope, uri }: Place): string => JSON.stringify([server, scope, uri]);
