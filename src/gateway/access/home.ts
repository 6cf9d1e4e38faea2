/** Under which URL a client reached the gateway. */
import type { Context } from 'hono';
import { peerOf } from './peer.ts';

export interface HomeOptions {
  publicUrl: string | undefined;
  proxies: number;
}

/** Without a slash at its end. The host of a request has been found to be ours before. */
export const homeOf = (c: Context, { publicUrl, proxies }: HomeOptions): string => {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '');
  const request = c.req.raw;
  const host = request.headers.get('host') ?? new URL(request.url).host;
  return `${peerOf(request, c.env, proxies).secure ? 'https' : 'http'}://${host}`;
};
