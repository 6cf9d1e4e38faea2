/** Who sends a request to the gateway, and what that one may do. */
import { ToolwayError } from '../errors.ts';

/**
 * What a principal may do: `read` lists and states, `call` tools, read resources and get prompts, `approve` calls of
 * others, `admin` everything that changes the gateway or looks at other people's calls.
 */
export type Permission = 'read' | 'call' | 'approve' | 'admin';

/** All permissions, the usual ones first. */
export const PERMISSIONS: readonly Permission[] = ['read', 'call', 'approve', 'admin'];

/** Somebody whom the gateway knows. */
export interface Principal {
  /** Names it in calls, histories and logs, and never changes: `local`, `key:NAME`, `jwt:ISSUER#SUBJECT`. */
  readonly id: string;
  may(permission: Permission): boolean;
  /** Whether a server, or one tool of it, exists for this principal: what it does not see is in no list and cannot be called. */
  sees(server: string, tool?: string): boolean;
  /** Takes one call of what it is allowed. Throws or rejects with `rate_limited`, and with `retryAfterMs`, where there is none left. Absent where calls are not limited. */
  charge?(): void | Promise<void>;
}

/** A principal in one conversation with the gateway. */
export interface Caller {
  readonly principal: Principal;
  /** Of a session of the protocol; absent where every request stands alone. */
  readonly session?: string;
}

/** Throws `forbidden` where a principal lacks a permission. */
export const demand = (principal: Principal, permission: Permission): void => {
  if (principal.may(permission)) return;
  throw new ToolwayError('forbidden', `${principal.id} lacks the permission "${permission}"`, { executed: 'no' });
};
