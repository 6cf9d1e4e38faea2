/** The way to a host, as far as one can get: a TCP connection, or what a proxy answers to CONNECT. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect, type Socket } from 'node:net';
import { hostOf, portOf, short } from './place.ts';

const REACH_MS = 5_000;

/** A connection, what a proxy said instead of opening one, or why there was none. */
export type Reached =
  | { socket: Socket }
  | { status: number; says: string; schemes: string[] }
  | { error: NodeJS.ErrnoException };

const late = (what: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`no ${what} within ${REACH_MS} ms`), { code: 'ETIMEDOUT' });

/** Connects without a proxy. */
export const reach = (url: URL): Promise<Exclude<Reached, { status: number }>> =>
  new Promise((resolve) => {
    const socket = connect({ host: hostOf(url), port: portOf(url) });
    const fail = (error: NodeJS.ErrnoException): void => {
      socket.destroy();
      resolve({ error });
    };
    socket.setTimeout(REACH_MS, () => fail(late('connection')));
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', fail);
      resolve({ socket });
    });
  });

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Asks an HTTP proxy for a tunnel. Nothing is sent through it. */
export const reachThrough = (proxy: URL, target: URL): Promise<Reached> =>
  new Promise((resolve) => {
    const host = `${target.hostname}:${portOf(target)}`;
    const { username, password } = proxy;
    const user = `${decoded(username)}:${decoded(password)}`;
    const asking = (proxy.protocol === 'https:' ? requestHttps : requestHttp)({
      host: hostOf(proxy),
      port: Number(proxy.port) || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: host,
      agent: false,
      headers: {
        host,
        ...(username !== '' && { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` }),
      },
    });
    const timer = setTimeout(() => asking.destroy(late('answer of the proxy')), REACH_MS);
    asking.once('error', (error) => {
      clearTimeout(timer);
      resolve({ error });
    });
    asking.once('connect', (response, socket) => {
      clearTimeout(timer);
      const { statusCode: status = 0, statusMessage = '', headers } = response;
      if (status >= 200 && status < 300) return resolve({ socket: socket as Socket });
      socket.on('error', () => {});
      socket.destroy();
      const schemes = [headers['proxy-authenticate'] ?? []]
        .flat()
        .flatMap((text) => text.split(/,\s*(?=[A-Za-z]+(?:\s|$))/));
      const names = schemes.map((text) => short(text.trim().split(/\s/)[0] ?? '')).filter(Boolean);
      resolve({ status, says: short(`${status} ${statusMessage}`.trim()), schemes: [...new Set(names)] });
    });
    asking.end();
  });
