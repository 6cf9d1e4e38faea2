/** What a caller names to stand in, and where these names lead. */

import { ToolwayError } from '../errors.ts';
import type { FallbackFunction } from '../options.ts';
import { createBareNames } from '../toolkit/bare-names.ts';
import type { Route } from '../toolkit/catalog.ts';
import type { Asked, CallsPort } from './port.ts';
import { groupStandIns } from './stand-ins.ts';

/** Servers come first, then functions. */
export interface NamedFallback {
  names: readonly string[];
  functions: readonly FallbackFunction[];
}

/** Throws `invalid_arguments` for what can neither be called nor looked up. */
export const namedFallback = (given: unknown): NamedFallback => {
  const entries: readonly unknown[] = Array.isArray(given) ? given : [given];
  const names = entries.filter((entry) => typeof entry === 'string');
  const functions = entries.filter((entry): entry is FallbackFunction => typeof entry === 'function');
  if (names.length + functions.length === entries.length) return { names, functions };
  throw new ToolwayError('invalid_arguments', 'a fallback must be names of servers or tools, or a function', {
    executed: 'no',
  });
};

/** What is to be tried in order, first of all the tool that the call names; an error stands for a name that led nowhere. */
export const routesOf = async (
  port: CallsPort,
  { name, args, wanted, startedAt }: Asked,
  { names }: NamedFallback,
): Promise<(Route | ToolwayError)[]> => {
  const { finder, textOf, argumentsOf, splitName, qualify } = port;
  try {
    textOf(name, 'unknown_tool');
    argumentsOf(args);
  } catch (error) {
    // Nothing that could be asked of any server.
    return [ToolwayError.from(error)];
  }
  const first = await routeOf(() => finder.atOnce(name) ?? createBareNames(port).route(name, wanted, startedAt));
  const tool = first instanceof ToolwayError ? (splitName(name, () => true)?.tool ?? name) : first.tool;
  const others = names.map((each) =>
    routeOf(() => finder.atOnce(each) ?? finder.atOnce(qualify(finder.server(each).name, tool))),
  );
  const members = names.length > 0 || first instanceof ToolwayError ? [] : groupStandIns(port, first);
  return withoutRepeats([first, ...(await Promise.all(others)), ...members]);
};

const routeOf = async (find: () => Route | undefined | Promise<Route>): Promise<Route | ToolwayError> => {
  try {
    const route = await find();
    if (route !== undefined) return route;
    throw new ToolwayError('unknown_tool', 'a tool must have a name', { executed: 'no' });
  } catch (error) {
    return ToolwayError.from(error, { executed: 'no' });
  }
};

const withoutRepeats = (routes: readonly (Route | ToolwayError)[]): (Route | ToolwayError)[] => {
  const seen = new Map<unknown, Set<string>>();
  return routes.filter((route) => {
    if (route instanceof ToolwayError) return true;
    const tools = seen.get(route.server) ?? new Set();
    if (tools.has(route.tool)) return false;
    seen.set(route.server, tools.add(route.tool));
    return true;
  });
};
