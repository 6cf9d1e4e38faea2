/** Which servers and tools exist for a principal. */
import { matchesPattern } from '../../names.ts';
import type { ToolFilter } from './options.ts';

interface Pattern {
  server: string;
  /** Absent: all of the server. */
  tool: string | undefined;
}

const patternOf = (text: string): Pattern => {
  const dot = text.indexOf('.');
  if (dot < 0) return { server: text, tool: undefined };
  const tool = text.slice(dot + 1);
  return { server: text.slice(0, dot), tool: tool === '*' ? undefined : tool };
};

export type Sees = (server: string, tool?: string) => boolean;

/** Undefined where everything is seen. */
export const createSees = (tools: readonly string[] | ToolFilter | undefined): Sees | undefined => {
  const { allow, deny = [] } = isList(tools) ? { allow: tools } : (tools ?? {});
  if (allow === undefined && deny.length === 0) return undefined;
  const allowed = allow?.map(patternOf);
  const denied = deny.map(patternOf);
  return (server, tool) => {
    // A server is seen as long as one of its tools may be.
    const isDenied = denied.some(
      (pattern) =>
        matchesPattern(pattern.server, server) &&
        (pattern.tool === undefined || (tool !== undefined && matchesPattern(pattern.tool, tool))),
    );
    if (isDenied) return false;
    if (allowed === undefined) return true;
    return allowed.some(
      (pattern) =>
        matchesPattern(pattern.server, server) &&
        (pattern.tool === undefined || tool === undefined || matchesPattern(pattern.tool, tool)),
    );
  };
};

const isList = (tools: readonly string[] | ToolFilter | undefined): tools is readonly string[] => Array.isArray(tools);
