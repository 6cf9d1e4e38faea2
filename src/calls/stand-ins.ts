/** Which servers may stand in for another one, and after which failures. */
import { canonicalJson } from '../canonical.ts';
import type { ErrorCode, ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import type { Route } from '../toolkit/catalog.ts';
import type { CallsPort } from './port.ts';

/** One try that failed. */
export interface Failure {
  /** Where it stands among those to be tried. */
  place: number;
  error: ToolwayError;
  /** Absent where a name led nowhere. */
  route?: Route;
}

/** A person, a policy or the caller said no: asking elsewhere would go behind their back. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['denied', 'approval_timeout', 'cancelled']);

/** Whether a failure is the end for every server. */
export const isRefusal = ({ error }: Failure): boolean => REFUSALS.has(error.code);

/** Whether it does no harm that both tools run. */
export const mayBothRun = ({ mayRunAgain }: CallsPort, ...routes: readonly [Route, Route]): boolean =>
  routes.every(({ server, tool }) => mayRunAgain(tool, server.catalog.tool(tool)?.tool, server.config));

/**
 * Whether `next` may be tried after these failures: none of them may have run, or it does no harm that both run. A task
 * that a server has made of its call may still be at work, so it has no successor.
 */
export const mayFollow = (port: CallsPort, failures: readonly Failure[], next: Route): boolean =>
  failures.every(({ error, route }) => {
    if (error.executed === 'no') return true;
    return error.taskId === undefined && route !== undefined && mayBothRun(port, route, next);
  });

/** The other servers of the group, in configuration order, whose tool of this name takes the same input. */
export const groupStandIns = ({ finder }: CallsPort, { server, tool }: Route): Route[] => {
  const { group } = server.config;
  const input = inputOf(server.catalog.tool(tool)?.tool.inputSchema);
  if (group === undefined || input === undefined) return [];
  return finder.active().flatMap((other): Route[] => {
    const entry = other.catalog.tool(tool);
    if (other === server || other.config.group !== group || inputOf(entry?.tool.inputSchema) !== input) return [];
    return [{ server: other, tool, entry }];
  });
};

/** Schemas that cannot be spelt are equal to none. */
const inputOf = (schema: JsonObject | undefined): string | undefined => {
  try {
    return schema && canonicalJson(schema);
  } catch {
    return undefined;
  }
};
