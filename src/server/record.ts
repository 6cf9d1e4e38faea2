/** What happened to one server: told to whoever listens, and kept for its status. */

import type { HealthCheck } from '../connection/health.ts';
import type { ConnectionState } from '../connection/state.ts';
import type { ToolwayError } from '../errors.ts';
import type { Emitter } from '../events.ts';
import type { Session } from '../protocol/session.ts';

/** Of the main connection. Dates are milliseconds since the Unix epoch. */
export interface ServerFacts {
  /** The latest session, alive or not. */
  last: { session: Session; connectMs: number } | undefined;
  lastError: ToolwayError | undefined;
  lastUpdated: number | undefined;
  lastHealthCheck: number | undefined;
}

export interface ServerRecord {
  readonly facts: ServerFacts;
  /** Hears of the states of the connection of one scope. */
  hear(scope: string): (state: ConnectionState, before: ConnectionState) => void;
  /** The server was checked, or was heard of its own accord. */
  checked(scope: string, check?: HealthCheck): void;
  updated(): void;
}

/** `mainScope` is that of the connection of which the facts are. */
export const createRecord = (server: string, events: Emitter, mainScope = ''): ServerRecord => {
  const facts: ServerFacts = {
    last: undefined,
    lastError: undefined,
    lastUpdated: undefined,
    lastHealthCheck: undefined,
  };
  const updated = (): void => {
    facts.lastUpdated = Date.now();
  };
  return {
    facts,
    updated,
    hear(scope) {
      const about = { server, scope };
      const isMain = scope === mainScope;
      let everConnected = false;
      return (state, before) => {
        updated();
        if (before.name === 'ready' && state.name !== 'ready')
          events.emit('disconnected', { ...about, ...('cause' in state ? { error: state.cause } : {}) });
        if (state.name === 'connecting') events.emit('connecting', { ...about, attempt: state.attempt });
        if (state.name === 'ready') {
          const { session, connectMs } = state;
          everConnected = true;
          if (isMain) {
            facts.lastError = undefined;
            facts.last = { session, connectMs };
          }
          events.emit('connected', { ...about, era: session.era, protocolVersion: session.protocolVersion, connectMs });
        }
        if (state.name !== 'waiting' && state.name !== 'failed') return;
        const error = state.cause;
        if (isMain) facts.lastError = error;
        if (state.name === 'waiting' && everConnected)
          events.emit('reconnecting', { ...about, attempt: state.attempt, delayMs: state.delayMs, error });
        else events.emit('failed', { ...about, error });
      };
    },
    checked(scope, check) {
      if (scope === mainScope) facts.lastHealthCheck = Date.now();
      if (check !== undefined) events.emit('health', { server, scope, ...check });
    },
  };
};
