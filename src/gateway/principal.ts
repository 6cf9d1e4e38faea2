/** Who sends a request to the gateway, and what that one may do. */
import { ToolwayError } from '../errors.ts';

/**
 * What a principal may do: `read` lists and states, `call` tools, read resources and get prompts, `approve` calls of
 * others, `admin` everything that changes the gateway or looks at other people's calls.
 */
export type Permission = 'read' | 'call' | 'approve' | 'admin';

/** All permissions, the usual ones first. */
export const PERMISSIONS: readonly Permission[] = ['read', 'call', 'approve', 'admin'];

/** A key is `gone`, with all that was its holder's; after a token that is `stale` its holder may come with the next one. */
export type Ended = 'gone' | 'stale';

/** What servers offer. */
export type OfferKind = 'tools' | 'resources' | 'prompts';

/** Somebody whom the gateway knows. */
export interface Principal {
  /** Names it in calls, histories and logs, and never changes: `local`, `key:NAME`, `jwt:ISSUER#SUBJECT`. */
  readonly id: string;
  may(permission: Permission): boolean;
  /**
   * Whether a server exists for this principal, or one thing of it: a tool by its name, or by the kind a resource by its
   * URI, a template by its text, a prompt by its name; a kind without a name is any of it. What it does not see is in no
   * list, and can be neither called nor read.
   */
  sees(server: string, name?: string, kind?: OfferKind): boolean;
  /** How the credential ended that it came with; undefined while it is good. Absent: it always is. */
  ended?(): Ended | undefined;
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
