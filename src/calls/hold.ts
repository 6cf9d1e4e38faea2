/** Waits above the road, in sight of `calls()`: a wait has the limits of a call, and ends with the toolkit. */
import type { CallOptions } from '../options.ts';
import type { ManagedServer } from '../server/server.ts';
import type { CallsPort } from './port.ts';

export interface Wait {
  /** The server that is waited for, where it is known: it gives the limits that the caller leaves open. */
  on: ManagedServer | undefined;
  tool: string;
  wanted: CallOptions;
  startedAt: number;
}

/** Waits for something of one caller. Rejects with why the wait was ended; nothing was sent then. */
export const hold = async <T>(
  { house, Call, bounded, share, DEFAULTS }: CallsPort,
  awaited: Promise<T>,
  { on, tool, wanted, startedAt }: Wait,
): Promise<T> => {
  const { deadlines, calls } = house;
  const limits = on?.config;
  const { signal, principal, scope } = wanted;
  const call = new Call({
    method: 'tools/call',
    params: { name: tool },
    server: on?.name ?? '',
    principal,
    scope,
    signal,
    timeoutMs: wanted.timeoutMs ?? limits?.timeoutMs ?? DEFAULTS.timeoutMs,
    totalTimeoutMs: wanted.totalTimeoutMs ?? limits?.totalTimeoutMs ?? DEFAULTS.totalTimeoutMs,
    startedAt,
  });
  const seat = calls.add(call);
  try {
    return await bounded(call, deadlines, async () => {
      const value = await share(call, awaited);
      // Both timers may be due in the same moment; what is too late is not begun.
      if (deadlines.clock.now() >= call.dueAt) call.expire();
      if (call.stopped !== undefined) throw call.stopped;
      return value;
    });
  } finally {
    calls.remove(seat);
  }
};
