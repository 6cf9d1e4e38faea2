/** Names of places, fit to be shown. */

/** Where a URL leads, without user, password, query or fragment. */
export const placeOf = (url: string): string => {
  if (!URL.canParse(url)) return 'no URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
};

/** The host of a URL as sockets take it: an IPv6 address without brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'ws:': 80 };
export const portOf = ({ protocol, port }: URL): number => Number(port) || (DEFAULT_PORTS[protocol] ?? 443);

const MOST_CHARS = 100;
/** What the other side calls itself, in bounds. */
export const short = (text: string): string => (text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text);
