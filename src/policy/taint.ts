/** What follows for a call from what the model that chose it had read. */
import type { Call } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import type { TaintSource, ToolHints } from '../permission.ts';
import type { Tool } from '../protocol/types.ts';
import { hintsOf } from './hints.ts';
import type { Ruling } from './rule-book.ts';

/** Whether the results of a tool count as written by somebody else: all do but those that are believed to come from nowhere else than a server whose results are trusted. */
export const taints = (tool: Tool | undefined, { trustHints, trustResults }: Partial<ServerConfig>): boolean =>
  trustResults !== true || hintsOf(tool, trustHints === true).openWorldHint;

/** What the model had read; nothing where no model chose the call. Throws `invalid_arguments`: what cannot be read would count as nothing. */
export const sourcesOf = ({ taint }: Pick<Call, 'taint'>): readonly TaintSource[] | undefined => {
  if (taint === undefined) return undefined;
  const sources: unknown = (taint as { sources?: unknown } | null)?.sources;
  if (Array.isArray(sources)) return sources;
  throw new ToolwayError('invalid_arguments', 'taint must be an object with a list of sources', { executed: 'no' });
};

/** What becomes of a ruling under taint: what is allowed is asked for, unless it only reads what is nobody else's, or the rule is meant for this. */
export const underTaint = (
  ruling: Ruling,
  { readOnlyHint, openWorldHint }: Required<ToolHints>,
  sources: readonly TaintSource[] | undefined,
): Ruling => {
  const { action, by } = ruling;
  if (sources === undefined || sources.length === 0) return ruling;
  // An answer holds for who asked: one of before does not cover what is asked for now.
  if (action === 'ask') return { ...ruling, by: `${by} under taint` };
  if (action === 'deny' || ruling.tainted === true || (readOnlyHint && !openWorldHint)) return ruling;
  return {
    action: 'ask',
    by: `the taint rule over ${by}`,
    reason: 'what the model has read may have been written to have it do this',
  };
};

/** One source in words: `fetch.page (result)`. Servers may have chosen them. */
export const sourceText = ({ kind, server, name }: TaintSource): string => {
  if (kind === 'history' && server === '') return 'an earlier conversation';
  const parts = [server, name].filter((part) => part !== undefined && part !== '');
  return `${parts.join('.') || 'somebody who is not known'} (${kind})`;
};

/** The most sources that whoever is asked is shown. */
const MAX_SHOWN = 50;
const KINDS: readonly unknown[] = ['result', 'error', 'resource', 'prompt', 'definition', 'sampling', 'history'];

/** Each once, the latest that fit. */
export const shownSources = (sources: readonly TaintSource[]): TaintSource[] => {
  const shown = new Map<string, TaintSource>();
  for (const source of sources) {
    const { kind, server, name, call } = (source ?? {}) as Partial<Record<keyof TaintSource, unknown>>;
    const one: TaintSource = {
      kind: KINDS.includes(kind) ? (kind as TaintSource['kind']) : 'history',
      server: typeof server === 'string' ? server : '',
      ...(typeof name === 'string' && { name }),
    };
    const key = JSON.stringify(one);
    shown.delete(key);
    shown.set(key, typeof call === 'string' ? { ...one, call } : one);
  }
  return [...shown.values()].slice(-MAX_SHOWN);
};
