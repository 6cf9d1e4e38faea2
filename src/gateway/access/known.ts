/** A principal as the door knows it: what it was given, until when, and what it has used of it. */
import type { Caller, Permission, Principal } from '../principal.ts';
import { PERMISSIONS } from '../principal.ts';
import { createSees, type Filters } from './filters.ts';
import type { Meter } from './meter.ts';
import type { Allowance } from './options.ts';

/** Somebody who was let in, with what the door has to know at each request. */
export interface Known {
  /** The same object for as long as this one is known, so that a request makes none. */
  readonly caller: Caller;
  readonly permissions: ReadonlySet<Permission>;
  /** What it sees, where that is not everything. */
  readonly filters: Filters | undefined;
  /** An access token, for which a refusal names the scope that is missing (RFC 6750). */
  readonly isToken: boolean;
  readonly meter: Meter;
  /** How much it may do. */
  readonly allowance: Allowance;
  /** When a key ends, in milliseconds since the Unix epoch; never, for a token: it is renewed. */
  endsAt(): number;
  /** Set by each request that shows it; whoever notes that takes it back. */
  isUsed: boolean;
  /** False once its key is gone or its time is over. */
  alive(): boolean;
}

export interface KnownOptions {
  id: string;
  scopes?: readonly Permission[] | undefined;
  filters?: Filters | undefined;
  meter: Meter;
  allowance?: Allowance;
  endsAt?: () => number;
  isToken?: boolean;
  alive(): boolean;
}

const USUAL: readonly Permission[] = ['read', 'call'];

/** What scopes give: `call` holds `read`, and `admin` everything. */
export const permissionsOf = (scopes: readonly Permission[] = USUAL): Set<Permission> => {
  if (scopes.includes('admin')) return new Set(PERMISSIONS);
  return new Set(scopes.includes('call') ? [...scopes, 'read'] : scopes);
};

const never = (): number => Number.POSITIVE_INFINITY;

const everybody = new WeakMap<Principal, Known>();

/** What the door knows of a principal that it let in. */
export const knownOf = (principal: Principal): Known | undefined => everybody.get(principal);

/** Whoever holds on to the principal of a key that has ended holds nothing: it may no more, and sees nothing. */
export const createKnown = (options: KnownOptions): Known => {
  const { id, scopes, filters, meter, allowance = {}, endsAt = never, isToken = false, alive } = options;
  const permissions = permissionsOf(scopes);
  const sees = createSees(filters);
  const { charge } = meter;
  const principal: Principal = {
    id,
    may: (permission) => permissions.has(permission) && alive(),
    sees: (server, name, kind) => alive() && (sees === undefined || sees(server, name, kind)),
    ended: () => (alive() ? undefined : isToken ? 'stale' : 'gone'),
    ...(charge !== undefined && { charge }),
  };
  const known: Known = {
    caller: { principal },
    permissions,
    filters,
    isToken,
    meter,
    allowance,
    endsAt,
    isUsed: false,
    alive,
  };
  everybody.set(principal, known);
  return known;
};
