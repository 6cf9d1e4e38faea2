/** A principal as the door knows it: what it was given, until when, and what it has used of it. */
import type { Caller, Permission, Principal } from '../principal.ts';
import { PERMISSIONS } from '../principal.ts';
import type { Meter } from './meter.ts';
import type { Grant } from './options.ts';
import { createSees } from './tool-filter.ts';

/** Somebody who was let in, with what the door has to know at each request. */
export interface Known {
  /** The same object for as long as this one is known, so that a request makes none. */
  readonly caller: Caller;
  readonly permissions: ReadonlySet<Permission>;
  /** Whether there are tools that it does not see. */
  readonly filtered: boolean;
  /** An access token, for which a refusal names the scope that is missing (RFC 6750). */
  readonly isToken: boolean;
  readonly meter: Meter;
  /** False once its key is gone or its time is over. */
  alive(): boolean;
}

export interface KnownOptions {
  id: string;
  grant: Grant;
  meter: Meter;
  isToken?: boolean;
  alive(): boolean;
}

const USUAL: readonly Permission[] = ['read', 'call'];

/** What scopes give: `call` holds `read`, and `admin` everything. */
export const permissionsOf = (scopes: readonly Permission[] = USUAL): Set<Permission> => {
  if (scopes.includes('admin')) return new Set(PERMISSIONS);
  return new Set(scopes.includes('call') ? [...scopes, 'read'] : scopes);
};

/** Whoever holds on to the principal of a key that has ended holds nothing: it may no more, and sees nothing. */
export const createKnown = ({ id, grant, meter, isToken = false, alive }: KnownOptions): Known => {
  const permissions = permissionsOf(grant.scopes);
  const sees = createSees(grant.tools);
  const { charge } = meter;
  const principal: Principal = {
    id,
    may: (permission) => permissions.has(permission) && alive(),
    sees: (server, tool) => alive() && (sees === undefined || sees(server, tool)),
    ...(charge !== undefined && { charge }),
  };
  return { caller: { principal }, permissions, filtered: sees !== undefined, isToken, meter, alive };
};
