/** Where a connection stands, and what it holds there. */
import type { Timer } from '../clock.ts';
import type { ToolwayError } from '../errors.ts';
import type { Session } from '../protocol/session.ts';

export type ConnectionState =
  | { name: 'idle' }
  | {
      name: 'connecting';
      attempt: number;
      /** Why the attempt before it failed, or the link before it was lost. */
      cause: ToolwayError | undefined;
      abort: AbortController;
      /** The end of what a child has written to stderr so far. */
      stderr?: () => string;
      /** Settles when the attempt is over, also one that nobody wants any more. */
      over: Promise<unknown>;
      /** What comes of this attempt alone. */
      outcome: Promise<Session>;
      /** What comes of this attempt and those after it. */
      promise: Promise<Session>;
    }
  | { name: 'ready'; session: Session; since: number; connectMs: number }
  | {
      name: 'waiting';
      attempt: number;
      delayMs: number;
      cause: ToolwayError;
      promise: Promise<Session>;
      wake: () => void;
      timer: Timer;
    }
  | { name: 'failed'; cause: ToolwayError }
  | { name: 'closed' };
