/** Who wants to hear of which resource of one server; what was asked for survives a reconnect. Loaded with the first wish. */
import type { guarded } from '../events.ts';
import type { ManagedServer } from './server.ts';

export type UpdateHandler = (update: { uri: string; server: string }) => void;

export interface Subscriptions {
  /** Resolves to the means to stop, once the server has agreed. */
  add(uri: string, handler: UpdateHandler): Promise<() => Promise<void>>;
  /** The server says that a resource has changed. */
  updated(uri: string): void;
  /** Asks a new session for everything that is wanted. A refusal of one does not touch the others. */
  restore(subscribe: (uri: string) => Promise<void>): Promise<void>;
}

export interface SubscriptionOptions {
  server: string;
  request: ManagedServer['request'];
  /** Runs a handler. Handed in, since it is loaded long before. */
  guarded: typeof guarded;
  onWarning(message: string, facts: { cause: unknown }): void;
}

interface Wanted {
  handlers: Set<UpdateHandler>;
  /** The server's word, which everyone who wants this resource waits for. */
  agreed: Promise<void>;
}

export const createSubscriptions = (options: SubscriptionOptions): Subscriptions => {
  const { server, request, guarded, onWarning } = options;
  const wanted = new Map<string, Wanted>();

  const remove = async (uri: string, handler: UpdateHandler): Promise<void> => {
    const entry = wanted.get(uri);
    if (entry?.handlers.delete(handler) !== true || entry.handlers.size > 0) return;
    wanted.delete(uri);
    await request('resources/unsubscribe', (session, call) => session.unsubscribe(call, uri));
  };

  return {
    async add(uri, handler) {
      const own: UpdateHandler = (update) => handler(update);
      const entry = wanted.get(uri) ?? {
        handlers: new Set(),
        agreed: request('resources/subscribe', (session, call) => session.subscribe(call, uri)),
      };
      wanted.set(uri, entry);
      entry.handlers.add(own);
      await entry.agreed.catch((error: unknown) => {
        if (wanted.get(uri) === entry) wanted.delete(uri);
        throw error;
      });
      return () => remove(uri, own);
    },
    updated(uri) {
      for (const handler of wanted.get(uri)?.handlers ?? []) {
        guarded(
          () => handler({ uri, server }),
          (cause) => onWarning('a subscription handler failed', { cause }),
        );
      }
    },
    async restore(subscribe) {
      const each = [...wanted.keys()].map((uri) =>
        subscribe(uri).catch((cause: unknown) => onWarning(`could not subscribe to ${uri} again`, { cause })),
      );
      await Promise.all(each);
    },
  };
};
