/** What has to be known of a tool before its call is let through, held until its server's list changes. */
import type { ListedTool } from '../../../api.ts';
import type { EventName } from '../../../events.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { isAnnotated } from '../../../transport/mcp-headers.ts';
import { mirroredArguments } from '../../../transport/param-headers.ts';
import { whenAborted } from '../../../when-aborted.ts';
import type { GatewayContext } from '../../context.ts';
import type { HeaderSource } from './envelope.ts';
import { headerMismatch } from './faults.ts';
import { decodeHeaderValue } from './header-value.ts';

export interface ToolFacts {
  /** Absent where no argument is repeated in a header. */
  inputSchema?: JsonObject;
  /** Its server makes a task of every call. */
  isTask: boolean;
}

/** Only tools of which there is something to know. */
type FactsByName = ReadonlyMap<string, ToolFacts>;

export interface KnownTools {
  /** A promise while the list has to be read; else what is known, if anything. */
  of(server: string, tool: string, principal: string): ToolFacts | undefined | Promise<ToolFacts | undefined>;
}

/** A call is not held up for longer by a server whose tools are not known yet: it waits for the connection itself. */
const WAIT_MS = 5_000;

const NEWS = ['tools_changed', 'connected', 'disconnected', 'failed'] as const satisfies EventName[];

export const createKnownTools = ({ toolkit, closing }: Pick<GatewayContext, 'toolkit' | 'closing'>): KnownTools => {
  const known = new Map<string, FactsByName>();
  const reading = new Map<string, Promise<FactsByName>>();

  const forget = ({ server, scope }: { server: string; scope: string }): void => {
    const isOwn = toolkit.wantsCredentials(server);
    if (scope !== '' && !isOwn) return;
    const key = isOwn ? ownKey(server, scope) : server;
    known.delete(key);
    reading.delete(key);
  };
  const stops = NEWS.map((event) => toolkit.on(event, forget));
  whenAborted(closing, () => {
    for (const stop of stops) stop();
  });

  const read = async (server: string, principal: string): Promise<FactsByName> => {
    const tools = await toolkit.listTools({ server, principal, timeoutMs: WAIT_MS, totalTimeoutMs: WAIT_MS });
    return new Map(tools.flatMap((tool) => factsOf(tool)));
  };
  const readOnce = (key: string, server: string, principal: string): Promise<FactsByName> => {
    const underWay = reading.get(key);
    if (underWay !== undefined) return underWay;
    const promise = read(server, principal);
    reading.set(key, promise);
    const end = (facts?: FactsByName): void => {
      if (reading.get(key) !== promise) return;
      reading.delete(key);
      if (facts !== undefined) known.set(key, facts);
    };
    promise.then(end, () => end());
    return promise;
  };

  return {
    of(server, tool, principal) {
      const key = toolkit.wantsCredentials(server) ? ownKey(server, principal) : server;
      const facts = known.get(key);
      if (facts !== undefined) return facts.get(tool);
      // What fails here fails the call as well, in its own words.
      return readOnce(key, server, principal).then(
        (read) => read.get(tool),
        () => undefined,
      );
    },
  };
};

/** No name of a server holds a space. */
const ownKey = (server: string, principal: string): string => `${server} ${principal}`;

const factsOf = (tool: ListedTool): [string, ToolFacts][] => {
  const isTask = tool.execution?.taskSupport === 'required';
  if (isAnnotated(tool)) return [[tool.name, { isTask, inputSchema: tool.inputSchema }]];
  return isTask ? [[tool.name, { isTask }]] : [];
};

/** Throws `HeaderMismatch` where a header does not say what the argument says that its tool wants repeated in it. */
export const checkParamHeaders = (headers: HeaderSource, inputSchema: JsonObject, args: unknown): void => {
  for (const { header, value, text } of mirroredArguments(inputSchema, args)) {
    const given = headers.get(header);
    if (given === null) {
      if (text !== undefined) throw headerMismatch(`${header} is missing`);
      continue;
    }
    const decoded = decodeHeaderValue(given);
    if (decoded === undefined) throw headerMismatch(`${header} cannot be read`);
    // An argument that no header can carry is for the tool's schema to refuse.
    if (text === undefined && value !== undefined && value !== null) continue;
    if (!isSame(decoded, value, text)) throw headerMismatch(`${header} is not what the body says`);
  }
};

/** Integers are compared as numbers: `42.0` is 42. */
const isSame = (decoded: string, value: unknown, text: string | undefined): boolean =>
  decoded === text || (typeof value === 'number' && /^-?\d+(\.\d+)?$/.test(decoded) && Number(decoded) === value);
