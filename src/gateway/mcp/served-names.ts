/**
 * Names of tools and prompts where one endpoint serves several servers: `server__tool`. A server's name holds no `__` and
 * does not end in `_`, so the first `__` is where it ends, whatever the tool is called. What would not be a name that all
 * clients take (1 to 128 of `A-Z a-z 0-9 _ . -`, 2025-11-25 server/tools#tool-names) gets an alias in its place: the part
 * of it that can be read, `..`, and 16 hexadecimal digits of the SHA-256 of both names. A name that looks like an alias
 * gets one as well, so that no two tools ever have the same name.
 */
import type { Target } from '../dispatch.ts';

const SEPARATOR = '__';
const LONGEST = 128;
const USABLE = /^[A-Za-z0-9_.-]{1,128}$/;
const UNUSABLE_PART = /[^A-Za-z0-9_.-]+/g;
const DIGITS = 16;
const ALIAS = /\.\.[0-9a-f]{16}$/;

/** The name under which a tool or prompt of a server is served. */
export const servedName = (server: string, name: string): string | Promise<string> => {
  const joined = server + SEPARATOR + name;
  return USABLE.test(joined) && name !== '' && !ALIAS.test(name) ? joined : aliasOf(server, name);
};

const aliasOf = async (server: string, name: string): Promise<string> => {
  const both = new TextEncoder().encode(JSON.stringify([server, name]));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', both));
  const digits = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const room = LONGEST - server.length - SEPARATOR.length - '..'.length - DIGITS;
  const readable = name.replace(UNUSABLE_PART, '_').slice(0, room);
  return `${server}${SEPARATOR}${readable}..${digits.slice(0, DIGITS)}`;
};

/** What a served name stands for: undefined for one that is none, `alias` for one that only the lists can tell. */
export const readServedName = (name: string): Target | 'alias' | undefined => {
  const at = name.indexOf(SEPARATOR);
  const rest = at + SEPARATOR.length;
  if (at <= 0 || rest === name.length) return undefined;
  if (ALIAS.test(name)) return 'alias';
  return { server: name.slice(0, at), name: name.slice(rest) };
};
