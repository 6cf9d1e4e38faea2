/** `replay`: a server in memory that says again what was recorded. */
import { type Clock, systemClock } from '../clock.ts';
import { type ErrorCode, ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import * as RPC from '../protocol/rpc-codes.ts';
import type { JsonObject } from '../protocol/types.ts';
import { isObject, type JsonRpcMessage, META, type RequestId } from '../protocol/wire.ts';
import type { Transport } from '../transport/transport.ts';
import { type Interaction, interactionsOf, keyOf, nearestTo, type Said, subscriptionOf } from './interactions.ts';
import { readRecording } from './recording.ts';

/** How a recording is played. */
export interface ReplayOptions {
  /** `instant`, the default: everything at once, in order. `recorded`: with the pauses of the recording. */
  timing?: 'instant' | 'recorded';
  /** For the pauses. Default: the clock of the system. */
  clock?: Clock;
}

/**
 * Gives a configuration of a server in memory that answers each request as it was answered in the recording: results,
 * errors, failures of the link and silence, with the progress and the questions that came before. A request is found
 * by its method and its parameters (in canonical form, without `_meta`); equal ones are answered in their order. A tool
 * call that was not recorded, or not so often, fails with JSON-RPC error −32600, which names the nearest recorded
 * request; other requests repeat their last answer. Throws `invalid_config` where the file is no recording.
 */
export const replay = (file: string, { timing = 'instant', clock = systemClock }: ReplayOptions = {}): ServerConfig => {
  const all = interactionsOf(readRecording(file));
  const used = new Set<Interaction>();

  /** The next one that fits; the text says why there is none. */
  const find = (method: string, params: unknown): Interaction | string => {
    const key = keyOf(method, params);
    const fitting = all.filter((each) => each.method === method && each.key === key);
    const fresh = fitting.find((each) => !used.has(each));
    const found = fresh ?? (method === 'tools/call' ? undefined : fitting.at(-1));
    if (found !== undefined) {
      used.add(found);
      return found;
    }
    const asked = `${method} ${shown(key)}`;
    if (fitting.length > 0) return `${asked} was recorded ${fitting.length} times in ${file}, and is asked once more`;
    const nearest = nearestTo(all, method, key);
    const hint =
      nearest === undefined
        ? 'nothing is'
        : `the nearest that is: ${nearest.method} ${shown(nearest.key)} (line ${nearest.line})`;
    return `${asked} is not recorded in ${file}; ${hint}`;
  };
  return { transport: () => createReplayTransport(find, timing === 'recorded' ? clock : undefined) };
};

const LONGEST_SHOWN = 500;
const shown = (key: string): string => (key.length > LONGEST_SHOWN ? `${key.slice(0, LONGEST_SHOWN)}…` : key);

const createReplayTransport = (
  find: (method: string, params: unknown) => Interaction | string,
  clock: Clock | undefined,
): Transport => {
  /** Ids of the recording, and those of now. */
  const ids = new Map<unknown, RequestId>();
  const waiting = new Map<unknown, () => void>();
  let isOpen = false;

  const deliver = (message: unknown): void => {
    if (isOpen) transport.onmessage?.(message as JsonRpcMessage);
  };
  const end = (cause?: ToolwayError): void => {
    if (!isOpen) return;
    isOpen = false;
    for (const goOn of waiting.values()) goOn();
    transport.onclose?.(cause);
  };
  const pauseUntil = async (at: number, started: { at: number; now: number }): Promise<void> => {
    if (clock === undefined) return;
    const left = started.now + (at - started.at) - clock.now();
    if (left > 0) await new Promise<void>((resolve) => void clock.after(left, resolve));
  };
  const say = async ({ message }: Said, progressToken: unknown): Promise<void> => {
    const { id } = message;
    const answered = id === undefined ? undefined : new Promise<void>((resolve) => waiting.set(id, resolve));
    deliver(renamed(message, ids, progressToken));
    await answered;
  };

  const play = async (id: RequestId, progressToken: unknown, interaction: Interaction): Promise<void> => {
    const { before, outcome, after, at } = interaction;
    const started = { at, now: clock?.now() ?? 0 };
    for (const said of before) {
      await pauseUntil(said.at, started);
      await say(said, progressToken);
    }
    if (outcome === undefined) return;
    await pauseUntil(outcome.at, started);
    if ('answer' in outcome) deliver({ ...renamed(outcome.answer, ids, progressToken), id });
    else if ('failure' in outcome) transport.onfail?.(id, failureOf(outcome.failure));
    else end(new ToolwayError('not_connected', 'the link ended here in the recording'));
    for (const said of after) {
      await pauseUntil(said.at, started);
      await say(said, progressToken);
    }
  };

  const transport: Transport = {
    kind: 'memory',
    async start() {
      isOpen = true;
    },
    async send(message) {
      if (!isOpen) throw new ToolwayError('closed', 'the link is closed', { executed: 'no' });
      const { id, method, params } = structuredClone(message) as unknown as JsonObject;
      // Not within `send`: whoever sends has to know of it first.
      await Promise.resolve();
      if (typeof method !== 'string') {
        waiting.get(id)?.();
        waiting.delete(id);
      } else if (id !== undefined) {
        const found = find(method, params);
        if (typeof found === 'string') {
          deliver({ jsonrpc: '2.0', id, error: { code: RPC.invalidRequest, message: found } });
          return;
        }
        ids.set(found.id, id as RequestId);
        const meta = isObject(params) && isObject(params._meta) ? params._meta : {};
        void play(id as RequestId, meta.progressToken, found);
      }
    },
    close: async () => end(),
  };
  return transport;
};

/** A message of the recording with the ids and the token of now. */
const renamed = (message: JsonObject, ids: ReadonlyMap<unknown, RequestId>, progressToken: unknown): JsonObject => {
  const place = message.params === undefined ? 'result' : 'params';
  const body = message[place];
  if (!isObject(body)) return message;
  const changed = { ...body };
  if (message.method === 'notifications/progress') changed.progressToken = progressToken;
  const subscription = subscriptionOf(body);
  if (subscription !== undefined) {
    const id = ids.get(subscription) ?? subscription;
    changed._meta = { ...(body._meta as JsonObject), [META.subscriptionId]: id };
  }
  return { ...message, [place]: changed };
};

/** The failure as it was, but for its cause. */
const failureOf = ({ code, message, ...facts }: JsonObject): ToolwayError =>
  new ToolwayError(code as ErrorCode, String(message), facts);
