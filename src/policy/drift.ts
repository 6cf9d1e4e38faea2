/** A tool that is no longer what was first seen of it: how it differs, and what its callers are told. */
import { canonicalJson } from '../canonical.ts';
import { type Problem, ToolwayError } from '../errors.ts';
import type { DefinitionChange } from '../permission.ts';
import { type Differences, differences } from './differences.ts';
import { hashIn } from './hashed.ts';

/** Where a tool stands whose definition changed. */
export interface Drift {
  /** Its calls are refused until the present definition is accepted. */
  readonly blocks: boolean;
  readonly changes: readonly DefinitionChange[];
  /** What a call fails with. */
  error(): ToolwayError;
}

/** A definition beside the one first seen, each as JSON text; the latter is absent when there was no room for it. */
export interface Sighting {
  tool: string;
  first: string | undefined;
  text: string;
}

/** The facts of `tool_drift`, where the two differ; nothing when only their spelling does. */
export interface FoundDrift {
  drift: Drift;
  before?: string;
  after?: string;
}

/** Compares two definitions by meaning: the order of keys is no difference. */
export const findDrift = async (
  { tool, first, text }: Sighting,
  where: { server: string; blocks: boolean },
): Promise<FoundDrift | undefined> => {
  if (first === undefined) return { drift: driftOf(tool, where, { changes: [], more: 0 }, TOO_MANY) };
  const before: unknown = JSON.parse(first);
  const after: unknown = JSON.parse(text);
  const [old, present] = [canonicalJson(before), canonicalJson(after)];
  if (old === present) return undefined;
  const pinned = hashIn(before);
  if (pinned !== undefined) {
    const { after: now } = await hashes('', present);
    if (now === pinned) return undefined;
    return {
      drift: driftOf(tool, where, { changes: [], more: 0 }, CHANGED),
      before: pinned,
      ...(now && { after: now }),
    };
  }
  const found = differences(before, after);
  return { drift: driftOf(tool, where, found, CHANGED), ...(await hashes(old, present)) };
};

const CHANGED = 'the definition is not the one that was first seen';
const TOO_MANY = 'the server has listed too many different tools to tell whether it was seen before';

const driftOf = (
  tool: string,
  { server, blocks }: { server: string; blocks: boolean },
  { changes, more }: Differences,
  what: string,
): Drift => ({
  blocks,
  changes,
  error: () => {
    const paths = changes.slice(0, 5).map(({ path }) => path);
    const others = changes.length - paths.length + more;
    const shown = paths.length === 0 ? '' : ` (${paths.join(', ')}${others > 0 ? ` and ${others} more` : ''})`;
    return new ToolwayError('tool_changed', `${what}${shown}; acceptTool("${server}.${tool}") accepts it as it is`, {
      executed: 'no',
      server,
      tool,
      problems: problemsOf(changes),
    });
  },
});

/** Changes as an error tells them. */
export const problemsOf = (changes: readonly DefinitionChange[]): Problem[] =>
  changes.map(({ path, before, after }) => ({ path, message: told(before, after) }));

const told = (before: string | undefined, after: string | undefined): string => {
  if (before === undefined) return `is new: ${after}`;
  return after === undefined ? `is gone: ${before}` : `was ${before}, is ${after}`;
};

/** Rejects with `tool_changed` where a definition, as JSON text, is not the one of this hash. */
export const mustBe = async (tool: string, server: string, text: string, hash: string): Promise<void> => {
  const [present] = await hashesOf(canonicalJson(JSON.parse(text)));
  if (present !== hash)
    throw new ToolwayError(
      'tool_changed',
      'the definition is not the one that is to be accepted: it has changed since',
      {
        executed: 'no',
        server,
        tool,
      },
    );
};

const hashes = async (...texts: [before: string, after: string]): Promise<{ before?: string; after?: string }> => {
  const [before, after] = await hashesOf(...texts);
  return before === undefined ? {} : { before, after };
};

/** SHA-256 in hex; nothing where the platform has none, as on pages without TLS. */
const hashesOf = async (...texts: string[]): Promise<string[]> => {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) return [];
  const { sha256 } = await import('./sha256.ts');
  return Promise.all(texts.map(sha256));
};
