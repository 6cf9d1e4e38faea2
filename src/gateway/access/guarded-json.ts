/** Fetches a small JSON document of an issuer: over https or loopback, without redirects, within a size and a time. */
import { isLoopbackAddress } from './peer.ts';

export interface GuardedJsonOptions {
  fetch: typeof fetch;
  maxBytes?: number;
  timeoutMs?: number;
}

/** Rejects with an `Error` that says what was wrong; its message holds nothing of what was received. */
export const fetchJson = async (
  address: string,
  { fetch, maxBytes = 262_144, timeoutMs = 5_000 }: GuardedJsonOptions,
): Promise<unknown> => {
  const url = new URL(address);
  if (!isSafe(url)) throw new Error(`${url.origin} is neither https nor loopback`);
  const response = await fetch(url, {
    redirect: 'manual',
    credentials: 'omit',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    throw new Error(`${url.origin} answered ${response.status || 'with a redirect'}`);
  }
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of chunksOf(response.body)) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`${url.origin} sent more than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  try {
    return JSON.parse(text + decoder.decode());
  } catch {
    throw new Error(`${url.origin} sent what is not JSON`);
  }
};

/** Whether a URL is one whose answer nobody on the way can change. */
export const isSafe = ({ protocol, hostname, username, password }: URL): boolean => {
  if (username !== '' || password !== '') return false;
  const host = hostname.replace(/^\[|\]$/g, '');
  return protocol === 'https:' || (protocol === 'http:' && (host === 'localhost' || isLoopbackAddress(host)));
};

const chunksOf = async function* (body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    await reader.cancel().catch(() => {});
  }
};
