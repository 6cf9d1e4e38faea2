/** One tool on every server that has it. */
import type { BroadcastOptions, CallOutcome } from '../api.ts';
import type { ManagedServer } from '../server/server.ts';
import { readLists } from '../toolkit/listing.ts';
import { linkOf, notConnected } from './link.ts';
import { outcomeOf } from './outcome.ts';
import { checkConcurrency, inPool } from './pool.ts';
import type { CallsPort } from './port.ts';
import { splitSignal } from './split-signal.ts';

/**
 * The outcomes by server, in configuration order, of those that list the tool now or did before they were lost. One
 * that is not connected is not waited for, beyond its first attempt.
 */
export const runBroadcast = async (
  port: CallsPort,
  tool: string,
  args: Record<string, unknown> = {},
  { concurrency, ...wanted }: BroadcastOptions = {},
): Promise<Record<string, CallOutcome>> => {
  const { finder, house, callAlone, textOf } = port;
  const { clock } = house.deadlines;
  const atATime = checkConcurrency(concurrency);
  const name = textOf(tool, 'unknown_tool');
  const all = await readLists(finder, 'tools', wanted);
  const servers = all.filter(({ catalog }) => catalog.tool(name) !== undefined);

  const callOne = (server: ManagedServer, signal: AbortSignal | undefined): Promise<CallOutcome> => {
    const startedAt = clock.now();
    return outcomeOf(clock, startedAt, (making) => {
      const connection = linkOf(server, wanted.scope);
      if (connection.current() === undefined && connection.firstAttempt() === undefined) {
        throw notConnected(server, name, wanted.scope);
      }
      const route = { server, tool: name, entry: server.catalog.tool(name) };
      return callAlone(route, { name, args, wanted: { ...wanted, signal }, startedAt, making, keeper: server.name });
    });
  };
  const outcomes = new Map<string, CallOutcome>(servers.map((server) => [server.name, undefined as never]));
  const signals = splitSignal(wanted.signal);
  await inPool(servers.length, atATime, async (index, place) => {
    const server = servers[index];
    if (server !== undefined) outcomes.set(server.name, await callOne(server, signals.at(place)));
  });
  signals.end();
  return Object.fromEntries(outcomes);
};
