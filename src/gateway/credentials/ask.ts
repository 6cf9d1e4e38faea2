/** Asks whoever stands behind a call for the credentials that it lacks, by a URL that its MCP client shows (2025-11-25 and 2026-07-28 client/elicitation#url). */
import type { Clock } from '../../clock.ts';
import type { HandlerContext, RequestHandlers } from '../../handlers.ts';
import { whenAborted } from '../../when-aborted.ts';
import type { Caller } from '../principal.ts';
import { newId } from '../random.ts';
import type { Credentials } from './credentials.ts';
import { credentialsUrlOf } from './missing.ts';

export interface AskForCredentials {
  /** Whether they were given meanwhile, so that the call may be made again. False at once where nobody can be asked. */
  ask(thrown: unknown, whose: { caller: Caller; server: string; scope: string }, wishes: Asking): Promise<boolean>;
  /** Tells that a visit is over, until the function that it gives is called. */
  onVisited(hear: (visit: { principal: string; elicitationId: string }) => void): () => void;
}

/** What of a call's wishes it takes to ask. */
export interface Asking {
  signal?: AbortSignal;
  handlers?: RequestHandlers;
}

export interface AskOptions {
  credentials: Pick<Credentials, 'on'>;
  clock: Clock;
  /** Aborted when the gateway begins to close. */
  closing: AbortSignal;
  /** How long somebody who agreed to visit the page may take there. Default 120 000. */
  visitMs?: number;
  /** Calls that wait for such a visit. Default 1 000; further ones are not asked. */
  maxVisits?: number;
}

const NEVER = new AbortController().signal;

export const createAsk = (options: AskOptions): AskForCredentials => {
  const { credentials, clock, closing, visitMs = 120_000, maxVisits = 1_000 } = options;
  const listeners = new Set<(visit: { principal: string; elicitationId: string }) => void>();
  let visits = 0;

  /** Listens from before the client is asked: some are done with the page before they say that they will visit it. */
  const listen = (principal: string, server: string, signal: AbortSignal) => {
    let given = false;
    let settle: (given: boolean) => void = () => {};
    const stop = credentials.on((news) => {
      if (news.event !== 'credential_given' || news.principal !== principal || news.server !== server) return;
      given = true;
      settle(true);
    });
    const wait = (): Promise<boolean> =>
      new Promise((resolve) => {
        if (given) return resolve(true);
        settle = resolve;
        const timer = clock.after(visitMs, () => resolve(false));
        timer.keepAlive(false);
        const ends = [signal, closing].map((ended) => whenAborted(ended, () => resolve(false)));
        const leave = settle;
        settle = (how) => {
          timer.cancel();
          for (const end of ends) end();
          leave(how);
        };
      });
    return { wait, stop };
  };

  return {
    async ask(thrown, { caller, server, scope }, { signal = NEVER, handlers }) {
      const url = credentialsUrlOf(thrown);
      const { onElicit, capabilities } = handlers ?? {};
      if (url === undefined || !URL.canParse(url)) return false;
      if (onElicit === undefined || capabilities?.elicitation?.url === undefined || visits >= maxVisits) return false;
      const principal = caller.principal.id;
      const elicitationId = newId();
      const context: HandlerContext = { server, scope, signal };
      const { wait, stop } = listen(principal, server, signal);
      visits += 1;
      try {
        const message = `${(thrown as Error).message}. It is asked for by Toolway, which sends it to ${server} only.`;
        const { action } = await onElicit({ mode: 'url', message, url, elicitationId }, context);
        if (action !== 'accept' || !(await wait())) return false;
        for (const listener of listeners) listener({ principal, elicitationId });
        return true;
      } catch {
        // A client that cannot show it is told of the failure instead.
        return false;
      } finally {
        visits -= 1;
        stop();
      }
    },
    onVisited(hear) {
      listeners.add(hear);
      return () => void listeners.delete(hear);
    },
  };
};
