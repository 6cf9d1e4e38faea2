/** The way to a remote server: proxies that the environment names, and what its certificate says. */
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { Finding } from './finding.ts';

type Env = Readonly<Record<string, string | undefined>>;

const TLS_MS = 5_000;
/** A certificate that ends sooner deserves a word. */
const SOON_DAYS = 14;
const DAY_MS = 86_400_000;
const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'];

/** Where a URL leads, without user, password, query or fragment. */
export const placeOf = (url: string): string => {
  if (!URL.canParse(url)) return 'no URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
};

/** The variables of the environment that name a proxy. Toolway goes through the one that a server names itself. */
export const checkProxy = (url: string, proxy: string | undefined, env: Env): Finding[] => {
  if (proxy !== undefined) return [{ level: 'ok', check: 'network', says: `goes through the proxy ${placeOf(proxy)}` }];
  const name = PROXIES.flatMap((each) => [each, each.toLowerCase()]).find((each) => (env[each] ?? '') !== '');
  const { hostname } = new URL(url);
  const isHere = /^(localhost|127\.|\[?::1)/.test(hostname);
  if (name === undefined || isHere) return [];
  return [
    {
      level: 'note',
      check: 'network',
      says: `the environment names a proxy in ${name}, which is used only where a server says so`,
      fix: `give the server "proxy": "\${${name}}"`,
    },
  ];
};

const FIXES: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: 'give the server "tls": { "ca": "FILE.pem" } with the certificate of your authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'give the server "tls": { "ca": "FILE.pem" } with its own certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'have the server send its whole chain, or give it "tls": { "ca": "FILE.pem" }',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'give the server "tls": { "ca": "FILE.pem" } with the certificate of your authority',
  CERT_HAS_EXPIRED: 'renew the certificate of the server',
  ERR_TLS_CERT_ALTNAME_INVALID: 'reach the server under a name that its certificate has',
};

const handshake = (
  url: URL,
  ca: string | undefined,
): Promise<{ socket: TLSSocket } | { error: NodeJS.ErrnoException }> =>
  new Promise((resolve) => {
    const { hostname } = url;
    const host = hostname.replace(/^\[|\]$/g, '');
    const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const port = Number(url.port) || 443;
    const socket = connectTls({
      host,
      port,
      ...servername,
      rejectUnauthorized: false,
      ...(ca !== undefined && { ca }),
    });
    socket.setTimeout(TLS_MS, () => resolve({ error: new Error(`no TLS handshake within ${TLS_MS} ms`) }));
    socket.once('error', (error) => resolve({ error }));
    socket.once('secureConnect', () => resolve({ socket }));
  });

/** What a TLS server shows of itself. Nothing is sent to it beside the handshake. */
export const checkTls = async (address: string, ca?: string): Promise<Finding[]> => {
  const found = (level: Finding['level'], says: string, fix?: string): Finding[] => [
    { level, check: 'tls', says, ...(fix !== undefined && { fix }) },
  ];
  const shaken = await handshake(new URL(address), ca);
  if ('error' in shaken) return found('problem', `no TLS connection: ${shaken.error.message}`);
  const { socket } = shaken;
  try {
    const certificate: Partial<PeerCertificate> = socket.getPeerCertificate();
    const { authorizationError } = socket as { authorizationError?: Error | string };
    if (!socket.authorized) {
      const code =
        typeof authorizationError === 'string'
          ? authorizationError
          : String((authorizationError as NodeJS.ErrnoException | undefined)?.code);
      return found('problem', `the certificate is not trusted: ${code}`, FIXES[code]);
    }
    const days = Math.floor((Date.parse(certificate.valid_to ?? '') - Date.now()) / DAY_MS);
    const issuer = [certificate.issuer?.O ?? certificate.issuer?.CN].flat().join(' ');
    const says = `${socket.getProtocol() ?? 'TLS'}, certificate of ${issuer || 'nobody'}, valid for ${days} days`;
    return days < SOON_DAYS ? found('note', says, 'renew the certificate of the server') : found('ok', says);
  } finally {
    socket.destroy();
  }
};
