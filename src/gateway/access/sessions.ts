/** Browsers that were let in: a code in a link is exchanged, once, for a cookie. */
import type { Clock } from '../../clock.ts';
import { newSecret } from '../random.ts';

export interface OnceOptions {
  clock: Clock;
  /** Default 60 000. */
  lifeMs?: number;
  /** How many wait at a time; the oldest is forgotten for one more. Default 100. */
  max?: number;
}

/** Codes of which each is good for one use. */
export interface Codes<T> {
  make(value: T): string;
  take(code: string): T | undefined;
}

export const createCodes = <T>({ clock, lifeMs = 60_000, max = 100 }: OnceOptions): Codes<T> => {
  const waiting = new Map<string, { value: T; endsAt: number }>();
  return {
    make(value) {
      const [oldest] = waiting.keys();
      if (waiting.size >= max && oldest !== undefined) waiting.delete(oldest);
      const code = newSecret();
      waiting.set(code, { value, endsAt: clock.now() + lifeMs });
      return code;
    },
    take(code) {
      const found = waiting.get(code);
      waiting.delete(code);
      return found !== undefined && clock.now() < found.endsAt ? found.value : undefined;
    },
  };
};

export interface SessionsOptions {
  clock: Clock;
  idleMs: number;
  maxMs: number;
  /** How many at a time; the one that was longest without a request ends for one more. Default 1 000. */
  max?: number;
}

export interface Sessions<T> {
  open(value: T): string;
  /** Whose session this is; the time without a request begins anew. */
  find(id: string): T | undefined;
  end(id: string): void;
}

export const createSessions = <T>({ clock, idleMs, maxMs, max = 1_000 }: SessionsOptions): Sessions<T> => {
  // The one that was used last is the last one.
  const sessions = new Map<string, { value: T; idleAt: number; endsAt: number }>();
  return {
    open(value) {
      const [oldest] = sessions.keys();
      if (sessions.size >= max && oldest !== undefined) sessions.delete(oldest);
      const id = newSecret();
      const now = clock.now();
      sessions.set(id, { value, idleAt: now + idleMs, endsAt: now + maxMs });
      return id;
    },
    find(id) {
      const session = sessions.get(id);
      if (session === undefined) return undefined;
      sessions.delete(id);
      const now = clock.now();
      if (now >= session.idleAt || now >= session.endsAt) return undefined;
      session.idleAt = now + idleMs;
      sessions.set(id, session);
      return session.value;
    },
    end: (id) => {
      sessions.delete(id);
    },
  };
};
