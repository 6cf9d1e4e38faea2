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
  of(server: string, tool: string): ToolFacts | undefined | Promise<ToolFacts | undefined>;
}

/** A call is not held up for longer by a server whose tools are not known yet: it waits for the connection itself. */
const WAIT_MS = 5_000;

const NEWS = ['tools_changed', 'connected', 'disconnected', 'failed'] as const satisfies EventName[];

export const createKnownTools = ({ toolkit, closing }: Pick<GatewayContext, 'toolkit' | 'closing'>): KnownTools => {
  const known = new Map<string, FactsByName>();
  const reading = new Map<string, Promise<FactsByName>>();

  const forget = ({ server, scope }: { server: string; scope: string }): void => {
    if (scope !== '') return;
    known.delete(server);
    reading.delete(server);
  };
  const stops = NEWS.map((event) => toolkit.on(event, forget));
  whenAborted(closing, () => {
    for (const stop of stops) stop();
  });

  const read = async (server: string): Promise<FactsByName> => {
    const tools = await toolkit.listTools({ server, timeoutMs: WAIT_MS, totalTimeoutMs: WAIT_MS });
    return new Map(tools.flatMap((tool) => factsOf(tool)));
  };
  const readOnce = (server: string): Promise<FactsByName> => {
    const underWay = reading.get(server);
    if (underWay !== undefined) return underWay;
    const promise = read(server);
    reading.set(server, promise);
    const end = (facts?: FactsByName): void => {
      if (reading.get(server) !== promise) return;
      reading.delete(server);
      if (facts !== undefined) known.set(server, facts);
    };
    promise.then(end, () => end());
    return promise;
  };

  return {
    of(server, tool) {
      const facts = known.get(server);
      if (facts !== undefined) return facts.get(tool);
      // What fails here fails the call as well, in its own words.
      return readOnce(server).then(
        (read) => read.get(tool),
        () => undefined,
      );
    },
  };
};

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
