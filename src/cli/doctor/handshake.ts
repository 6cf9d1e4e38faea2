/** What a TLS server shows of itself. Nothing is sent to it beside the handshake. */
import type { Socket } from 'node:net';
import { checkServerIdentity, connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import type { ServerConfig } from '../../options.ts';
import { hostOf } from './place.ts';

const TLS_MS = 5_000;
/** A chain is not longer, and a hostile one ends here. */
const MOST_CERTIFICATES = 10;

export interface Shown {
  protocol: string;
  /** The server's own first. */
  chain: DetailedPeerCertificate[];
  /** What OpenSSL or Node says of it; none when it is trusted. */
  code?: string;
  /** The names are not that of the host, whatever else is wrong. */
  isForOthers: boolean;
}

/** Shakes hands over a socket, which is destroyed. */
export const shakeHands = (
  url: URL,
  socket: Socket,
  tls: NonNullable<ServerConfig['tls']> = {},
): Promise<Shown | { error: NodeJS.ErrnoException }> =>
  new Promise((resolve) => {
    const host = hostOf(url);
    const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const end = (outcome: Shown | { error: NodeJS.ErrnoException }): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => end({ error: new Error(`no TLS handshake within ${TLS_MS} ms`) }), TLS_MS);
    let secure: TLSSocket;
    try {
      secure = connect({ socket, host, ...servername, ...tls, rejectUnauthorized: false });
    } catch (error) {
      return end({ error: error as Error });
    }
    secure.on('error', (error) => end({ error }));
    // A server that does not speak TLS often just closes.
    secure.once('close', () => end({ error: new Error('the server closed the connection during the handshake') }));
    secure.once('secureConnect', () => {
      const chain = chainOf(secure.getPeerCertificate(true));
      const [own] = chain;
      const { authorizationError } = secure as { authorizationError?: Error | string };
      const code =
        typeof authorizationError === 'string'
          ? authorizationError
          : (authorizationError as NodeJS.ErrnoException | undefined)?.code;
      end({
        protocol: secure.getProtocol() ?? 'TLS',
        chain,
        ...(secure.authorized ? {} : { code: String(code) }),
        isForOthers: own !== undefined && checkServerIdentity(host, own) !== undefined,
      });
    });
  });

const chainOf = (first: Partial<DetailedPeerCertificate>): DetailedPeerCertificate[] => {
  const chain: DetailedPeerCertificate[] = [];
  let next = first as DetailedPeerCertificate | undefined;
  while (next?.fingerprint256 !== undefined && chain.length < MOST_CERTIFICATES && !chain.includes(next)) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
};
