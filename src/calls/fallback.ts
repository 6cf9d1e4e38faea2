/**
 * One call after another until one of them answers, all inside the limits of the first. Each try takes the whole road
 * by itself: its own policy, pins and validation.
 */

import { ToolwayError } from '../errors.ts';
import type { CallToolResult } from '../protocol/types.ts';
import type { Route } from '../toolkit/catalog.ts';
import { allFailed } from './all-failed.ts';
import { runFunctions } from './fallback-function.ts';
import { keeperOf } from './keeper.ts';
import { linkOf, notConnected } from './link.ts';
import { namedFallback, routesOf } from './named-fallback.ts';
import type { Asked, Calls, CallsPort } from './port.ts';
import { type Failure, groupStandIns, isRefusal, mayBothRun, mayFollow } from './stand-ins.ts';

/** One server that may be tried, and its place in the order. */
interface Candidate {
  place: number;
  route: Route;
}

export const createFallback = (port: CallsPort): Pick<Calls, 'withFallback' | 'inGroup'> => {
  const { finder, house, callAlone, closed, DEFAULTS } = port;
  const { clock } = house.deadlines;

  const isConnected = ({ route }: Candidate, { wanted }: Asked): boolean =>
    linkOf(route.server, wanted.scope).current() !== undefined;
  /** Of a server that was never asked nothing is known yet: it is asked now, and that may be waited for. */
  const firstAttempt = ({ route }: Candidate, { wanted }: Asked): Promise<unknown> | undefined =>
    linkOf(route.server, wanted.scope).firstAttempt();

  /** A call that leaves whatever line it stands in when its server's connection is lost, while `isFree` says so. */
  const callUnlessLost = async (route: Route, asked: Asked, isFree: () => boolean): Promise<CallToolResult> => {
    const { server, tool } = route;
    const making = { ...(asked.making ?? {}), calls: [] as NonNullable<Asked['making']>['calls'] };
    const off = house.events.on('disconnected', (lost) => {
      const [call] = making.calls;
      if (lost.server !== server.name || call?.state !== 'queued' || lost.scope !== call.scope || !isFree()) return;
      call.stop(notConnected(server, tool, call.scope));
    });
    try {
      return await callAlone(route, { ...asked, making });
    } finally {
      off();
      asked.making?.calls.push(...making.calls);
    }
  };

  /** Tries the candidates in order, those that are connected first; `failures` grows by what became of each. */
  const tryEach = async (
    asked: Asked,
    candidates: readonly Candidate[],
    failures: Failure[],
    totalTimeoutMs: number,
  ): Promise<CallToolResult | undefined> => {
    const { wanted, startedAt } = asked;
    const fail = ({ place, route }: Candidate, thrown: unknown): void => {
      const names = { server: route.server.name, tool: route.tool };
      failures.push({ place, route, error: ToolwayError.from(thrown, names) });
    };
    let tried = failures.length > 0;
    let left = [...candidates];
    const [meant] = candidates;
    while (left.length > 0 && !failures.some(isRefusal)) {
      const remainingMs = startedAt + totalTimeoutMs - clock.now();
      if (failures.length > 0 && (closed() || remainingMs <= 0)) break;
      left = left.filter((candidate) => {
        if (!mayFollow(port, failures, candidate.route)) return false;
        if (isConnected(candidate, asked) || firstAttempt(candidate, asked) !== undefined) return true;
        fail(candidate, notConnected(candidate.route.server, candidate.route.tool, wanted.scope));
        return false;
      });
      const next = left.find((candidate) => isConnected(candidate, asked));
      const [first] = left;
      if (next === undefined && first !== undefined) {
        const attempts = left.map((candidate) => firstAttempt(candidate, asked)?.catch(() => {}));
        try {
          const limits = { ...wanted, totalTimeoutMs };
          await finder.waitFor(Promise.race(attempts), limits, startedAt, first.route.server);
        } catch (error) {
          fail(first, error);
          break;
        }
      }
      if (next === undefined) continue;
      left = left.filter((candidate) => candidate !== next);
      // The first try has the limits of the call; those after it begin anew and end where it would have.
      const limits = tried
        ? { wanted: { ...wanted, totalTimeoutMs: remainingMs }, startedAt: clock.now() }
        : { wanted: { ...wanted, totalTimeoutMs }, startedAt };
      // What may run beside the first is another call under the key; what takes its place is the same one.
      const isOther = tried || meant === undefined || mayBothRun(port, meant.route, next.route);
      const keeper = isOther ? next.route.server.name : keeperOf(meant.route.server);
      tried = true;
      try {
        return await callUnlessLost(next.route, { ...asked, ...limits, keeper }, () => true);
      } catch (error) {
        fail(next, error);
      }
    }
    return undefined;
  };

  const totalOf = ({ wanted }: Asked, route: Route | undefined): number =>
    wanted.totalTimeoutMs ?? route?.server.config.totalTimeoutMs ?? DEFAULTS.totalTimeoutMs;

  return {
    async withFallback(asked) {
      const named = namedFallback(asked.wanted.fallback);
      const routes = await routesOf(port, asked, named);
      const failures: Failure[] = [];
      const candidates: Candidate[] = [];
      for (const [place, route] of routes.entries()) {
        if (route instanceof ToolwayError) failures.push({ place, error: route });
        else candidates.push({ place, route });
      }
      const [first] = candidates;
      const answer = await tryEach(asked, candidates, failures, totalOf(asked, first?.route));
      return answer ?? runFunctions(port, asked, named.functions, failures, first?.route);
    },

    async inGroup(route, asked) {
      const self: Candidate = { place: 0, route };
      const others = (): Candidate[] =>
        groupStandIns(port, route).map((other, index) => ({ place: index + 1, route: other }));
      const isFree = (): boolean => others().some((other) => isConnected(other, asked));
      const failures: Failure[] = [];
      const goesFirst = isConnected(self, asked) || !isFree();
      if (goesFirst) {
        try {
          return await callUnlessLost(route, asked, isFree);
        } catch (thrown) {
          const error = ToolwayError.from(thrown);
          // Equal schemas refuse equal arguments.
          if (error.code === 'invalid_arguments') throw error;
          failures.push({ place: 0, route, error });
        }
      }
      const candidates = goesFirst ? others() : [self, ...others()];
      const answer = await tryEach(asked, candidates, failures, totalOf(asked, route));
      if (answer !== undefined) return answer;
      throw allFailed(failures);
    },
  };
};
