/** The door without keys: whoever is on this machine is let in. */
import { PERMISSIONS } from '../principal.ts';
import { Refusal } from '../refusal.ts';
import type { Identify } from './identify.ts';
import { createKnown } from './known.ts';
import { isLoopbackAddress, peerOf } from './peer.ts';

/** Whoever is on this machine, with all permissions. */
export const LOCAL = createKnown({
  id: 'local',
  scopes: PERMISSIONS,
  meter: { request: () => 0 },
  alive: () => true,
});

/**
 * Everybody is `local`. A request from another machine, or through a proxy, is refused with 403;
 * with `mustTell`, so is one whose server does not tell where it comes from.
 */
export const createLocal = ({ mustTell }: { mustTell: boolean }): Identify => {
  const visitor = { known: LOCAL, byCookie: false };
  return (request, env) => {
    const { address, forwarded } = peerOf(request, env, 0);
    if (forwarded) throw elsewhere('it came through a proxy');
    if (address === undefined && mustTell) throw elsewhere('nothing tells where it comes from');
    if (address !== undefined && !isLoopbackAddress(address)) throw elsewhere('it comes from another machine');
    return visitor;
  };
};

const elsewhere = (why: string): Refusal =>
  new Refusal(403, 'forbidden', `without keys only requests from this machine are let in: ${why}`);
