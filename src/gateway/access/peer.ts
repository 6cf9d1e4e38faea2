/** Where a request comes from, as far as that is known. */

/**
 * What a server tells of a connection beside its request: `peerAddress`, or the objects of Node as `@hono/node-server`
 * hands them over. Headers say nothing of it that could be believed, unless an operator vouches for a proxy.
 */
export interface ConnectionFacts {
  peerAddress?: string;
  incoming?: { socket?: { remoteAddress?: string; encrypted?: boolean } };
}

export interface Peer {
  /** Undefined where the server does not tell. */
  address: string | undefined;
  /** Whether the request came over TLS. */
  secure: boolean;
  /** Whether something says that it passed a proxy. */
  forwarded: boolean;
}

const FORWARDING = ['x-forwarded-for', 'forwarded', 'x-real-ip'];

/** `proxies` is how many of the addresses nearest to us the operator vouches for. */
export const peerOf = (request: Request, env: unknown, proxies: number): Peer => {
  const { peerAddress, incoming } = (env ?? {}) as ConnectionFacts;
  const socket = incoming?.socket;
  const direct = peerAddress ?? socket?.remoteAddress;
  const { headers } = request;
  const isTls = socket?.encrypted === true || request.url.startsWith('https:');
  const forwarded = FORWARDING.some((name) => headers.has(name));
  if (proxies === 0) return { address: direct, secure: isTls, forwarded };
  const named = list(headers.get('x-forwarded-for'));
  const address = named.length === 0 ? direct : named[Math.max(0, named.length - proxies)];
  const schemes = list(headers.get('x-forwarded-proto'));
  const scheme = schemes[Math.max(0, schemes.length - proxies)];
  return { address, secure: scheme === undefined ? isTls : scheme === 'https', forwarded };
};

const list = (header: string | null): string[] =>
  (header ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Whether an address is of the machine itself. */
export const isLoopbackAddress = (address: string): boolean =>
  address === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/i.test(address);

/** What is counted as one: an IPv4 address, or the /64 network that one household has of IPv6. */
export const networkOf = (address: string | undefined): string => {
  if (address === undefined) return 'unknown';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address.slice(0, 64);
  const [head = '', tail] = address.split('%')[0]?.toLowerCase().split('::') ?? [];
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').slice(0, 4))
    .join(':')}::/64`;
};
