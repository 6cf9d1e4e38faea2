/** What a recording comes to: for each request what followed it, and the search for the one that is meant. */
import { canonicalJson } from '../canonical.ts';
import type { JsonObject } from '../protocol/types.ts';
import { isObject, META, type RequestId } from '../protocol/wire.ts';
import type { RecordedLine } from './recording.ts';

/** One request of a recording, and everything that the server said because of it, or after it. */
export interface Interaction {
  readonly method: string;
  /** The parameters in canonical form, without `_meta`. */
  readonly key: string;
  readonly id: RequestId;
  readonly progressToken: unknown;
  readonly line: number;
  readonly at: number;
  /** Before the answer: notifications, and requests of the server, which wait for their answers. */
  readonly before: Said[];
  /** The answer; or how else it ended. Without one there never was any. */
  outcome?: { at: number; answer: JsonObject } | { at: number; failure: JsonObject } | { at: number; closed: true };
  /** After it, while nothing else was asked. */
  readonly after: Said[];
}
export interface Said {
  at: number;
  message: JsonObject;
}

/** What they are asked with differs from client to client; there is one answer. */
const HANDSHAKES: ReadonlySet<string> = new Set(['initialize', 'server/discover']);

/** `_meta` is left out: tokens, versions and trace ids differ from run to run. */
export const keyOf = (method: string, params: unknown): string => {
  if (HANDSHAKES.has(method) || !isObject(params)) return '{}';
  const { _meta, ...plain } = params;
  return canonicalJson(plain);
};

export const interactionsOf = (lines: readonly { line: number; entry: RecordedLine }[]): Interaction[] => {
  const all: Interaction[] = [];
  const links = new Map<number, { open: Map<unknown, Interaction>; last: Interaction | undefined }>();

  for (const { line, entry } of lines) {
    const link = links.get(entry.link) ?? { open: new Map(), last: undefined };
    links.set(entry.link, link);
    const { at } = entry;
    const end = (id: unknown, outcome: NonNullable<Interaction['outcome']>): void => {
      const ended = link.open.get(id);
      if (ended === undefined) return;
      ended.outcome = outcome;
      link.open.delete(id);
      link.last = ended;
    };
    const hear = (message: unknown): void => {
      if (!isObject(message)) return;
      const owner = ownerOf(message, link.open);
      if (typeof message.method !== 'string') end(message.id, { at, answer: message });
      else if (owner !== undefined) owner.before.push({ at, message });
      else link.last?.after.push({ at, message });
    };
    switch (entry.type) {
      case 'sent': {
        const { message } = entry;
        if (!isObject(message) || typeof message.method !== 'string' || message.id === undefined) break;
        const { method, params } = message;
        const meta = isObject(params) && isObject(params._meta) ? params._meta : {};
        const { progressToken } = meta;
        const id = message.id as RequestId;
        const found: Interaction = {
          method,
          key: keyOf(method, params),
          id,
          progressToken,
          line,
          at,
          before: [],
          after: [],
        };
        all.push(found);
        link.open.set(id, found);
        break;
      }
      case 'received':
        for (const message of Array.isArray(entry.message) ? entry.message : [entry.message]) hear(message);
        break;
      case 'failed':
        end(entry.id, { at, failure: entry.error });
        break;
      case 'closed':
        if (entry.by === 'server') for (const id of [...link.open.keys()]) end(id, { at, closed: true });
        break;
      case 'opened':
    }
  }
  return all;
};

/** In the course of which request something was said: progress names it, all else belongs to the latest that is open. */
const ownerOf = ({ method, params }: JsonObject, open: ReadonlyMap<unknown, Interaction>): Interaction | undefined => {
  const { progressToken } = (isObject(params) ? params : {}) as JsonObject;
  const candidates = [...open.values()];
  if (method === 'notifications/progress')
    return candidates.find((each) => each.progressToken === progressToken && progressToken !== undefined);
  // A subscription is open all the time: only its first word is its own.
  if (method === 'notifications/subscriptions/acknowledged') return open.get(subscriptionOf(params));
  return candidates.filter((each) => each.method !== 'subscriptions/listen').at(-1);
};

export const subscriptionOf = (params: unknown): unknown =>
  isObject(params) && isObject(params._meta) ? params._meta[META.subscriptionId] : undefined;

/** The recorded request that is most like this one; of the same method, where there is any. */
export const nearestTo = (all: readonly Interaction[], method: string, key: string): Interaction | undefined => {
  const same = all.filter((each) => each.method === method);
  const text = `${method} ${key}`;
  let best: { each: Interaction; score: number } | undefined;
  for (const each of same.length > 0 ? same : all) {
    const score = likeness(text, `${each.method} ${each.key}`);
    if (best === undefined || score > best.score) best = { each, score };
  }
  return best?.each;
};

/** Sørensen–Dice over pairs of neighbouring characters: 0 for nothing in common, 1 for the same. */
const likeness = (one: string, other: string): number => {
  const pairs = new Map<string, number>();
  for (let at = 0; at + 1 < one.length; at += 1) {
    const pair = one.slice(at, at + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  let shared = 0;
  for (let at = 0; at + 1 < other.length; at += 1) {
    const pair = other.slice(at, at + 2);
    const left = pairs.get(pair) ?? 0;
    if (left === 0) continue;
    pairs.set(pair, left - 1);
    shared += 1;
  }
  return (2 * shared) / Math.max(1, one.length + other.length - 2);
};
