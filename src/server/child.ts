/** One child of a server that has a pool, from its start to its end. */
import type { Attempt } from '../connection/connection.ts';
import type { ToolwayError } from '../errors.ts';
import type { Session } from '../protocol/session.ts';
import type { Whose } from './dialer.ts';

export interface Child {
  readonly whose: Whose;
  readonly session: Session;
  /** On the monotonic clock. */
  readonly startedAt: number;
  readonly connectMs: number;
  state: 'warm' | 'in_use' | 'ending';
  /** As last measured, its own children included. */
  memoryBytes: number | undefined;
  /** Hears when its link ends by itself; to be called when it has to end. */
  lost: Attempt['lost'];
}

/** Starts a child and initializes it. */
export type StartChild = (whose: Whose, attempt: Attempt) => Promise<Child>;

/** Ends a child; `cause` is what its calls are told. Resolves when nothing of it is left. */
export type EndChild = (child: Child, cause?: ToolwayError) => Promise<void>;
