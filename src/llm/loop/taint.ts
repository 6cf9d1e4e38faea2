/** What of that which enters a conversation was written by others. */
import type { ErrorCode, ToolwayError } from '../../errors.ts';
import type { Taint, TaintSource } from '../../permission.ts';
import type { Message } from '../message.ts';

/** A set of sources that only grows. */
export interface TaintSet {
  /** As it is now; what is added later is not in it. */
  readonly now: Taint;
  add(sources: readonly TaintSource[]): void;
}

const KINDS: ReadonlySet<unknown> = new Set<TaintSource['kind']>([
  'result',
  'error',
  'resource',
  'prompt',
  'definition',
  'sampling',
  'history',
]);

/** What is assumed where nothing is known of what was read. */
const HISTORY: TaintSource = Object.freeze({ kind: 'history', server: '' });

export const createTaintSet = (taint: Taint = { sources: [] }): TaintSet => {
  const known = new Map<string, TaintSource>();
  let now: Taint | undefined;
  const set: TaintSet = {
    get now() {
      now ??= Object.freeze({ sources: Object.freeze([...known.values()]) });
      return now;
    },
    add(sources) {
      for (const source of sources) {
        // The second result of a tool says nothing new: a list by calls would grow for as long as the conversation does.
        const key = JSON.stringify([source.kind, source.server, source.name]);
        if (known.has(key)) continue;
        known.set(key, Object.freeze({ ...source }));
        now = undefined;
      }
    },
  };
  set.add(taint.sources);
  return set;
};

/** Taint as it was stored; what cannot be read is taint of an unknown source. */
export const readTaint = (stored: unknown): Taint => {
  const sources = (stored as Partial<Taint> | null | undefined)?.sources;
  if (!Array.isArray(sources) || !sources.every(isSource)) return { sources: [HISTORY] };
  return { sources };
};

const isSource = (given: unknown): given is TaintSource => {
  const { kind, server, name, call } = (given ?? {}) as Record<keyof TaintSource, unknown>;
  return KINDS.has(kind) && typeof server === 'string' && isText(name) && isText(call);
};
const isText = (given: unknown): boolean => given === undefined || typeof given === 'string';

/** What a message brings in that was not said by the user or the program: marked parts, and what a model wrote elsewhere. */
export const sourcesIn = (message: Message): TaintSource[] =>
  message.content.flatMap((part): TaintSource[] => {
    if ((part.type === 'text' || part.type === 'media') && part.source !== undefined) return [part.source];
    return message.role === 'user' && part.type !== 'result' ? [] : [HISTORY];
  });

/** What a provider looked up by itself comes as blocks in its own form, `web_search_tool_result` or `web_search_call`: pages of others. */
const LOOKED_UP = /^(?!tool_search_).+(?:_tool_result|_call)$/;

/** What a model has read of others by the time that it has said this. */
export const sourcesOfSaid = ({ content }: Message): TaintSource[] =>
  content.flatMap((part): TaintSource[] => {
    const type = part.type === 'opaque' ? (part.raw.value as { type?: unknown } | null | undefined)?.type : undefined;
    return typeof type === 'string' && LOOKED_UP.test(type) ? [{ kind: 'result', server: '', name: type }] : [];
  });

/**
 * Failures that Toolway itself tells, in its own words. Not among them is what quotes others: `tool_changed` a definition
 * that nobody has accepted, `not_connected` and `breaker_open` an earlier failure.
 */
const OURS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'invalid_arguments',
  'unknown_server',
  'unknown_tool',
  'ambiguous_tool',
  'connect_timeout',
  'denied',
  'approval_timeout',
  'timeout',
  'cancelled',
  'backpressure',
  'closed',
]);

/** What a failed call brings in: the words of the server, where there may be any. */
export const sourcesOfError = (error: ToolwayError, call: string): TaintSource[] => {
  const { code, server, tool, rpcCode, stderr } = error;
  if (server === undefined || (OURS.has(code) && rpcCode === undefined && stderr === undefined)) return [];
  return [{ kind: 'error', server, ...(tool === undefined ? {} : { name: tool }), call }];
};
