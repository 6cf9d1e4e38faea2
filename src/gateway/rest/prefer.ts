/** The `Prefer` header (RFC 7240), of which two are known. */

export interface Preferences {
  /** Answer at once, with where the result will be. */
  respondAsync: boolean;
  /** For how long the client is willing to wait for the answer. */
  waitMs?: number;
}

/** The longest wait that is believed: a day. */
const MAX_WAIT_S = 86_400;

export const preferencesOf = (prefer: string | null): Preferences => {
  if (prefer === null) return { respondAsync: false };
  const stated = prefer.split(',').map((part) => (part.split(';')[0] ?? '').trim().toLowerCase());
  const wait = stated.map((each) => /^wait\s*=\s*"?(\d{1,9})"?$/.exec(each)?.[1]).find((each) => each !== undefined);
  const respondAsync = stated.includes('respond-async');
  return wait === undefined ? { respondAsync } : { respondAsync, waitMs: Math.min(Number(wait), MAX_WAIT_S) * 1_000 };
};
