/**
 * What becomes of calls in a legacy session that the server may have forgotten: finds out whether it has, opens a new
 * one, and sends again what proves not to have run. Loaded with the first such doubt.
 */
import type { Call } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import { createRevival, type RevivalOptions } from './revival.ts';
import type { JsonObject } from './types.ts';

export interface RecoveryOptions extends Omit<RevivalOptions, 'sessions'> {
  /** The handshake. */
  shakeHands: (call: Call) => Promise<unknown>;
  /** A session that the server had forgotten is open again: it knows nothing of what was asked of the one before. */
  onReopened: () => void;
  /** Waits on behalf of a call for what it shares with others. */
  share: <T>(call: Call, shared: Promise<T>) => Promise<T>;
  /** Whether the session is known to be lost. */
  isForgotten: () => boolean;
  /** Whether a failure is that of a lost session. */
  isOfLostSession: (error: ToolwayError) => 'yes' | 'maybe' | 'no';
}

export interface Recovery {
  /** Sends in the session, and in a new one where it is lost. */
  send: RevivalOptions['send'];
  /** Goes on with a request of the first session that has failed as those of a lost one do. */
  sendAfter: (error: ToolwayError, call: Call, method: string, params: JsonObject) => Promise<JsonObject>;
  /** Nobody may be calling: whatever the server has to say would wait for the next call. */
  lookAfter: (doubt: ToolwayError) => void;
}

export const createRecovery = (options: RecoveryOptions): Recovery => {
  const { engine, newCall, bounded, shakeHands, share, isForgotten, isOfLostSession, send: sendOnce } = options;
  let sessions = 1;
  let isOpen = true;
  let reopening: Promise<void> | undefined;
  const shakeHandsAgain = async (): Promise<void> => {
    await bounded(newCall('initialize'), shakeHands);
    sessions += 1;
    isOpen = true;
  };
  /** Of many calls that lost the same session, the late ones find it open again. */
  const reopen = async (call: Call, lost: number): Promise<void> => {
    if (isOpen && lost !== sessions) return;
    isOpen = false;
    if (reopening === undefined) {
      reopening = shakeHandsAgain().finally(() => {
        reopening = undefined;
      });
      reopening.then(options.onReopened, (error: unknown) => revive(ToolwayError.from(error)));
    }
    await share(call, reopening).catch((error: unknown) => {
      throw call.stopped ?? notReopened(error);
    });
  };

  let asking: Promise<boolean> | undefined;
  /** Asks in the same session for a sign of life; one question for all who doubt. */
  const isLost = async (session: number): Promise<boolean> => {
    if (session !== sessions || isForgotten()) return true;
    if (engine.transport.sessionId === undefined) return false;
    asking ??= bounded(newCall('ping'), (call) => sendOnce(call, 'ping', {}))
      .then(
        () => false,
        (error: unknown) => error instanceof ToolwayError && isOfLostSession(error) !== 'no',
      )
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };

  /** Waits until there is a session; a handshake under way belongs to a newer one than any request that would be sent now. */
  const opened = async (call: Call): Promise<void> => {
    while (!isOpen || isForgotten()) await reopen(call, sessions);
  };
  const send: Recovery['send'] = async (call, method, params) => {
    await opened(call);
    const session = sessions;
    try {
      return await sendOnce(call, method, params);
    } catch (error) {
      return sendAgain(error, session, call, method, params);
    }
  };
  const sendAgain = async (
    error: unknown,
    session: number,
    call: Call,
    method: string,
    params: JsonObject,
  ): Promise<JsonObject> => {
    if (!(error instanceof ToolwayError) || call.stopped !== undefined) throw error;
    const known = isOfLostSession(error) === 'yes';
    if (!known && (isOfLostSession(error) === 'no' || !(await share(call, isLost(session))))) throw error;
    // A guess, however good, is no proof that a tool did not run.
    const proven = known || method !== 'tools/call';
    if (proven) call.state = 'queued';
    await reopen(call, session);
    if (!proven) throw error;
    await call.look?.(call, false);
    // Another call may have lost the new session meanwhile.
    await opened(call);
    return sendOnce(call, method, params);
  };

  const revive = createRevival({ ...options, send, sessions: () => sessions });

  return { send, sendAfter: (error, ...request) => sendAgain(error, 1, ...request), lookAfter: revive };
};

const notReopened = (thrown: unknown): ToolwayError => {
  const cause = ToolwayError.from(thrown);
  return new ToolwayError('not_connected', `the session was lost and could not be opened again: ${cause.message}`, {
    executed: 'no',
    status: cause.status,
    retryAfterMs: cause.retryAfterMs,
    cause,
  });
};
