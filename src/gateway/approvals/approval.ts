/** What an approval is: in the store, and to whoever may see it. */
import type { DefinitionChange, TaintSource, ToolHints } from '../../permission.ts';
import type { JsonObject } from '../../protocol/types.ts';

/** `once` for this call, `always` for later ones as well. */
export type Decision = 'once' | 'always' | 'deny';
/** For which later calls `always` holds: those with equal arguments, or all of the tool. */
export type Scope = 'arguments' | 'tool';
/** Where an approval stands. */
export type ApprovalState = 'pending' | 'approved' | 'denied' | 'expired';

/** What was decided. */
export interface Resolution {
  decision: Decision;
  scope?: Scope;
  /** What whoever decided has to say of it. */
  comment?: string;
  /** The principal. */
  decidedBy: string;
  /** `elicitation`: in a form of the caller's own client; `grant`: by what was decided of another call. */
  via: 'rest' | 'elicitation' | 'grant';
}

/** An approval as it is shown. Times are those of ISO 8601. What it holds was said by servers and callers: data, never markup. */
export interface Approval extends Partial<Resolution> {
  id: string;
  state: ApprovalState;
  /** Nobody waits any more: its call ended, or its gateway did. What is decided holds for the next equal call. */
  orphaned?: true;
  /** Whether `always` can be decided. */
  repeatable: boolean;
  /** The id of the call while it is in flight. */
  call: string;
  principal: string;
  server: string;
  tool: string;
  title?: string;
  /** SHA-256 of the definition that the tool had when it was asked. */
  definition?: string;
  annotations: Required<ToolHints>;
  /** What will be sent. */
  arguments: JsonObject;
  /** Long texts among them were cut to be shown; what will be sent is whole. */
  cut?: true;
  /** Why it is asked. */
  reason: string;
  warnings?: string[];
  diff?: DefinitionChange[];
  /** What the model that chose the call had read. What is decided holds for equal arguments at most. */
  taint?: TaintSource[];
  createdAt: string;
  expiresAt: string;
  decidedAt?: string;
}

/** What the answer to a call holds for, as keys of grants. */
export interface Keys {
  once: string;
  arguments: string;
  tool: string;
}

/** An approval in the store; times in milliseconds since the Unix epoch. */
export interface StoredApproval
  extends Omit<Approval, 'createdAt' | 'expiresAt' | 'decidedAt' | 'orphaned' | 'repeatable'> {
  keys?: Keys;
  createdAt: number;
  expiresAt: number;
  decidedAt?: number;
}

const iso = (time: number): string => new Date(time).toISOString();

/** As it is shown at a time. */
export const viewOf = (
  { keys, createdAt, expiresAt, decidedAt, ...stored }: StoredApproval,
  { now, waited }: { now: number; waited: boolean },
): Approval => {
  const state = stored.state === 'pending' && expiresAt <= now ? 'expired' : stored.state;
  return {
    ...stored,
    state,
    ...(state === 'pending' && !waited && { orphaned: true as const }),
    repeatable: keys !== undefined,
    createdAt: iso(createdAt),
    expiresAt: iso(expiresAt),
    ...(decidedAt !== undefined && { decidedAt: iso(decidedAt) }),
  };
};
