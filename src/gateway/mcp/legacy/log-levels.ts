/** From which severity on sessions hear the logs of servers. A server knows one level for all that share a connection: the lowest that is wanted. */
import type { LogLevel } from '../../../protocol/types.ts';
import { whenAborted } from '../../../when-aborted.ts';
import type { GatewayContext } from '../../context.ts';
import { invalidParams } from '../fault.ts';
import type { LiveScopes } from './live-scopes.ts';
import type { LegacySession } from './session.ts';

/** The least severe first (RFC 5424). */
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

export const readLevel = (level: unknown): LogLevel => {
  const known = LEVELS.find((one) => one === level);
  if (known === undefined) throw invalidParams(`level is none of ${LEVELS.join(', ')}`);
  return known;
};

export const isLoud = (level: LogLevel, least: LogLevel): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(least);

/** Servers that take longer are told nevertheless, but not waited for. */
const WAIT_MS = 5_000;

export interface LogLevels {
  /** A session wants another level: its servers are told what they have to send from now on. */
  changed(session: LegacySession): Promise<void>;
}

/** `sessions` are all there are; only those that asked for a level have a say. */
export const createLogLevels = (
  { toolkit, dispatch, closing }: GatewayContext,
  live: LiveScopes,
  sessions: () => Iterable<LegacySession>,
): LogLevels => {
  const asked = new WeakSet<LegacySession>();

  const wanted = (server: string, scope: string): LogLevel | undefined => {
    let lowest: LogLevel | undefined;
    for (const session of sessions()) {
      const { caller, surface, level } = session;
      if (!asked.has(session) || !surface.servers(caller).includes(server)) continue;
      if (dispatch.scopeOf(caller, server) === scope && (lowest === undefined || isLoud(lowest, level))) lowest = level;
    }
    return lowest;
  };
  const tell = async (server: string, scope: string): Promise<void> => {
    const level = wanted(server, scope);
    if (level === undefined) return;
    const whose = toolkit.wantsCredentials(server) ? { scope, principal: scope } : { scope };
    const options = { ...whose, timeoutMs: WAIT_MS, totalTimeoutMs: WAIT_MS };
    // Not every server has logs, or can be reached now.
    await toolkit
      .server(server)
      .setLogLevel(level, options)
      .catch(() => {});
  };

  whenAborted(
    closing,
    toolkit.on('connected', ({ server, scope }) => void tell(server, scope)),
  );

  return {
    async changed(session) {
      asked.add(session);
      const { caller, surface } = session;
      const told = surface.servers(caller).map((server) => {
        const scope = dispatch.scopeOf(caller, server);
        return live.has(server, scope) ? tell(server, scope) : undefined;
      });
      await Promise.all(told);
    },
  };
};
