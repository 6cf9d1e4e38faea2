/** A definition that must not be written down, since it holds a secret: its SHA-256 is kept in its place. */
import { canonicalJson } from '../canonical.ts';
import { sha256 } from './sha256.ts';

/** What stands for a definition, both as JSON text. The order of keys makes no difference. */
export const hashed = async (text: string): Promise<string> =>
  JSON.stringify({ sha256: await sha256(canonicalJson(JSON.parse(text))) });

/** The hash that stands for a definition; undefined where this is a definition, which has a name. */
export const hashIn = (pinned: unknown): string | undefined => {
  const { name, sha256: hash } = pinned as { name?: unknown; sha256?: unknown };
  return name === undefined && typeof hash === 'string' ? hash : undefined;
};
