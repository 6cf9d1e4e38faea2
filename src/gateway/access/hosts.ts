/**
 * By which names the gateway may be called, and from which web pages. A page of a stranger can reach a server on the
 * reader's own machine by a name that it lets point there (DNS rebinding); the name stays in `Host`, the page in `Origin`.
 */
import { ToolwayError } from '../../errors.ts';
import { Refusal } from '../refusal.ts';

export interface HostsOptions {
  allowedHosts?: readonly string[];
  allowedOrigins?: readonly string[];
  publicUrl?: string;
}

/** Where the page is that a request comes from: none that is told, one of our own, one that the operator allows. */
export type From = 'nowhere' | 'own' | 'allowed';

export interface Hosts {
  /** Throws a refusal of 403 for a host or an origin that is not ours. */
  check(request: Request): From;
  /** Makes the address that is listened on a name. */
  listening(host: string): void;
}

interface Name {
  host: string;
  port: string | undefined;
}

const HOST = /^(\[[0-9a-f:.]+\]|(?:\*\.)?[a-z0-9._-]+)(?::(\d{1,5}))?$/;
const LOOPBACK = /^(localhost|[^.]+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;
const WILDCARD: readonly string[] = ['', '0.0.0.0', '::', '[::]'];
const MAX_KNOWN = 256;

const parseHost = (text: string): Name | undefined => {
  const [, host, port] = HOST.exec(text.toLowerCase()) ?? [];
  return host === undefined ? undefined : { host: host.replace(/\.$/, ''), port };
};

export const createHosts = ({ allowedHosts = [], allowedOrigins = [], publicUrl }: HostsOptions): Hosts => {
  const names = allowedHosts.map(nameOf);
  const origins = new Set(allowedOrigins.map(originOf));
  const home = publicUrl === undefined ? undefined : urlOf(publicUrl);
  if (home !== undefined) names.push({ host: home.hostname, port: undefined });
  let anyAddress = false;
  // Those that were found to be ours; bounded, since ports are the caller's choice.
  const known = new Set<string>();

  const isOurs = ({ host, port }: Name): boolean =>
    LOOPBACK.test(host) ||
    (anyAddress && ADDRESS.test(host)) ||
    names.some((name) => fits(name.host, host) && (name.port === undefined || name.port === port));

  const checkHost = (text: string): void => {
    if (known.has(text)) return;
    const name = parseHost(text);
    if (name === undefined || !isOurs(name)) {
      throw new Refusal(403, 'forbidden', `this gateway is not known as ${shown(text)}; allowedHosts names it`);
    }
    if (known.size >= MAX_KNOWN) known.clear();
    known.add(text);
  };

  return {
    check(request) {
      const { headers } = request;
      const host = headers.get('host') ?? new URL(request.url).host;
      checkHost(host);
      const origin = headers.get('origin');
      if (origin === null) return 'nowhere';
      if (origin === home?.origin || isSameHost(origin, host)) return 'own';
      if (origins.has(origin)) return 'allowed';
      throw new Refusal(
        403,
        'forbidden',
        `pages of ${shown(origin)} may not use this gateway; allowedOrigins names them`,
      );
    },
    listening(host) {
      known.clear();
      if (WILDCARD.includes(host)) anyAddress = true;
      else names.push({ host: host.includes(':') && !host.startsWith('[') ? `[${host}]` : host, port: undefined });
    },
  };
};

/** Schemes are not compared: a proxy of the operator's may end TLS before the request is ours. */
const isSameHost = (origin: string, host: string): boolean => {
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  if (page.origin !== origin) return false;
  const target = `${page.protocol}//${host}`;
  return URL.canParse(target) && new URL(target).host === page.host;
};

const fits = (pattern: string, host: string): boolean =>
  pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1 : pattern === host;

const nameOf = (text: string): Name => {
  const name = parseHost(text);
  if (name !== undefined) return name;
  throw new ToolwayError('invalid_config', `allowedHosts has ${shown(text)}, which is no name of a host`);
};

const originOf = (text: string): string => {
  // Schemes of browsers' extensions and desktop shells have no origin of their own in the URL standard.
  const isOrigin = /^[a-z][a-z0-9+.-]*:\/\/[^/\s?#*]+$/.test(text) && URL.canParse(text);
  if (isOrigin && (!/^https?:/.test(text) || new URL(text).origin === text)) return text;
  throw new ToolwayError(
    'invalid_config',
    `allowedOrigins has ${shown(text)}, which is no origin as browsers send it, such as https://app.example.com`,
  );
};

const urlOf = (text: string): URL => {
  if (URL.canParse(text) && /^https?:/.test(text)) return new URL(text);
  throw new ToolwayError('invalid_config', `publicUrl is ${shown(text)}, which is no URL of the web`);
};

const shown = (text: string): string => JSON.stringify(text.slice(0, 200));
