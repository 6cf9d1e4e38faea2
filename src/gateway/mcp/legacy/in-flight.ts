/** Requests of a session that are under way. */
import type { JsonObject, Progress } from '../../../protocol/types.ts';
import { isObject, type JsonRpcMessage } from '../../../protocol/wire.ts';
import type { Surface } from '../surface.ts';
import type { Cancellation } from './cancellation.ts';
import { isId } from './messages.ts';

/** Where what belongs to one request goes before its result. */
export interface Channel {
  send(message: JsonRpcMessage): void;
}

export interface InFlight {
  readonly method: string;
  readonly params: JsonObject;
  readonly channel: Channel;
  readonly cancellation: Cancellation;
  /** The task that the request has become. */
  readonly task: string | undefined;
}

/** Tells of progress on a channel, where the request has a token for it. */
export const progressOf = ({ _meta }: JsonObject, channel: Channel): ((progress: Progress) => void) | undefined => {
  const progressToken = isObject(_meta) ? _meta.progressToken : undefined;
  if (!isId(progressToken)) return undefined;
  return (progress) =>
    channel.send({ jsonrpc: '2.0', method: 'notifications/progress', params: { ...progress, progressToken } });
};

/** In the course of which a server may ask something. */
const ASKING: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** The request in the course of which a server asks: the latest that is its own, as far as the name says, else the latest. */
export const askedIn = async (
  inFlight: Iterable<InFlight>,
  surface: Surface,
  server: string | undefined,
): Promise<InFlight | undefined> => {
  const asking = [...inFlight].filter(({ method }) => ASKING.has(method)).reverse();
  for (const each of asking) {
    const { name } = each.params;
    if (typeof name !== 'string') continue;
    const target = await surface.targetOf(each.method === 'prompts/get' ? 'prompts' : 'tools', name);
    if (target?.server === server) return each;
  }
  return asking[0];
};
