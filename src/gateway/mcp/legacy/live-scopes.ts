/** Which scopes have a connection now: a child is not started to be told something. */
import { whenAborted } from '../../../when-aborted.ts';
import type { GatewayContext } from '../../context.ts';

export interface LiveScopes {
  has(server: string, scope: string): boolean;
}

export const createLiveScopes = ({ toolkit, closing }: Pick<GatewayContext, 'toolkit' | 'closing'>): LiveScopes => {
  const live = new Map<string, Set<string>>();
  const stops = [
    toolkit.on('connected', ({ server, scope }) => void live.set(server, (live.get(server) ?? new Set()).add(scope))),
    toolkit.on('disconnected', ({ server, scope }) => void live.get(server)?.delete(scope)),
  ];
  whenAborted(closing, () => {
    for (const stop of stops) stop();
  });
  return {
    // The one that all share may have been there before.
    has: (server, scope) =>
      scope === '' ? toolkit.status()[server]?.connected === true : live.get(server)?.has(scope) === true,
  };
};
