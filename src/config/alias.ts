/** What servers are called whose names are unusable. */

const LONGEST_NAME = 32;
const HASH_DIGITS = 4;

const sha256 = async (text: string): Promise<string> => {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
};

/**
 * The usable name that stands for an unusable one: bad characters become `-`, and four hex digits of the name's
 * SHA-256 keep names apart that would look alike.
 */
export const serverAlias = async (name: string): Promise<string> => {
  const readable = name
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .replace(/_{2,}/g, (run) => '-'.repeat(run.length))
    .replace(/^[_-]+/, '')
    .slice(0, LONGEST_NAME - HASH_DIGITS - 1)
    .replace(/[_-]+$/, '');
  return `${readable === '' ? 'server' : readable}-${(await sha256(name)).slice(0, HASH_DIGITS)}`;
};
