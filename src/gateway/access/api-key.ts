/** What a key is, and what is kept of it. */
import { newSecret } from '../random.ts';

/** SHA-256 of a text. */
export const digestOf = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));

export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Takes the same time wherever two digests differ. */
export const sameDigest = (one: Uint8Array, other: Uint8Array): boolean => {
  let difference = one.length ^ other.length;
  for (const [index, byte] of one.entries()) difference |= byte ^ (other[index] ?? 0);
  return difference === 0;
};

/** Makes a key of 256 random bits: `key` is for its holder and is kept nowhere, `sha256` for the configuration. */
export const createApiKey = async (): Promise<{ key: string; sha256: string }> => {
  const key = `tw_${newSecret()}`;
  return { key, sha256: hexOf(await digestOf(key)) };
};
