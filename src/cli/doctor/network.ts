/** The way to a remote server: which proxy it leads through and why, how far one gets, and what its certificate says. */
import { readFile } from 'node:fs/promises';
import type { ServerConfig } from '../../options.ts';
import { judge } from './certificate.ts';
import { type Finding, finding } from './finding.ts';
import { shakeHands } from './handshake.ts';
import { hostOf, portOf } from './place.ts';
import { ownProxy, refusal } from './proxy.ts';
import { type Env, type ProxyOfEnvironment, proxyOfEnvironment } from './proxy-choice.ts';
import { type Reached, reach, reachThrough } from './tunnel.ts';

export interface NetworkCheck {
  /** http(s) or ws(s). */
  url: string;
  /** The same as it stands in the definition, with its references. Default: `url`. */
  written?: string | undefined;
  /** That of the server's own definition. */
  proxy?: string | undefined;
  /** Texts in PEM. */
  tls?: ServerConfig['tls'] | undefined;
  env: Env;
  now?: number;
}

/** Opens one connection, shakes hands where the URL wants TLS, and sends nothing else. */
export const checkNetwork = async (asked: NetworkCheck): Promise<Finding[]> => {
  const target = new URL(asked.url);
  const isWeb = /^https?:$/.test(target.protocol);
  // Nothing is sent around a proxy that a definition names; sockets have none.
  if (asked.proxy !== undefined && !isWeb) return [];
  const own = asked.proxy !== undefined && URL.canParse(asked.proxy) ? new URL(asked.proxy) : undefined;
  if (own !== undefined) {
    const reached = await reachThrough(own, target);
    return [...ownProxy(own, target, reached, asked.env), ...(await certificate(asked, target, reached, own))];
  }
  const meant = proxyOfEnvironment(target, asked.env);
  const reached = await reach(target);
  if ('socket' in reached) return [...direct(meant, isWeb), ...(await certificate(asked, target, reached))];
  return [...(await unreachable(reached, target, meant, isWeb)), ...exceptionOf(meant)];
};

/** The server was reached without a proxy. */
const direct = (meant: ProxyOfEnvironment | undefined, isWeb: boolean): Finding[] => {
  if (meant === undefined || !isWeb) return [];
  if (meant.except !== undefined) return exceptionOf(meant);
  const says = `goes there directly: the environment names a proxy in ${meant.variable}, which is used only where a server says so`;
  return [finding('network', 'note', says, `give the server "proxy": "\${${meant.variable}}"`)];
};

const exceptionOf = (meant: ProxyOfEnvironment | undefined): Finding[] =>
  meant?.except === undefined
    ? []
    : [
        finding(
          'network',
          'ok',
          `goes there directly, as ${meant.except.variable} (${meant.except.entry}) has it; ${meant.variable} is not meant for it`,
        ),
      ];

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name servers do not answer',
  ECONNREFUSED: 'nothing listens there',
  ETIMEDOUT: 'no answer',
  ENETUNREACH: 'there is no way to that network',
  EHOSTUNREACH: 'there is no way to that host',
};

/** There is no way without a proxy. Whether there is one through that of the environment is tried. */
const unreachable = async (
  { error }: { error: NodeJS.ErrnoException },
  target: URL,
  meant: ProxyOfEnvironment | undefined,
  isWeb: boolean,
): Promise<Finding[]> => {
  const code = error.code ?? '';
  const says = `no connection to ${hostOf(target)}:${portOf(target)}: ${REASONS[code] ?? error.message}${code === '' ? '' : ` (${code})`}`;
  if (meant === undefined || meant.except !== undefined || !isWeb) return [finding('network', 'problem', says)];
  const { variable } = meant;
  const proxy = URL.canParse(meant.url) ? new URL(meant.url) : undefined;
  if (proxy === undefined || !/^https?:$/.test(proxy.protocol)) {
    const fix = 'Toolway goes through HTTP proxies only: name one in "proxy" of the server';
    return [finding('network', 'problem', `${says}; the proxy in ${variable} is no HTTP proxy`, fix)];
  }
  const reached = await reachThrough(proxy, target);
  if (!('socket' in reached)) return [finding('network', 'problem', says), ...refusal(proxy, target, reached)];
  reached.socket.on('error', () => {}).destroy();
  const way = `${says}; through the proxy in ${variable} there is a way, and it is used only where a server says so`;
  return [finding('network', 'problem', way, `give the server "proxy": "\${${variable}}"`)];
};

const PLAIN = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/;
const OLD = /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|INAPPROPRIATE_FALLBACK/;

const certificate = async (
  { url, written = url, tls, env, now = Date.now() }: NetworkCheck,
  target: URL,
  reached: Reached,
  proxy?: URL,
): Promise<Finding[]> => {
  if (!('socket' in reached)) return [];
  const { socket } = reached;
  if (!/^(https|wss):$/.test(target.protocol)) {
    socket.on('error', () => {}).destroy();
    return [];
  }
  // What stands for a reference may be a secret.
  const path = written.includes('${') ? '/…' : target.pathname;
  const shown = await shakeHands(target, socket, tls);
  const trust = await extraAuthorities(env, tls);
  if ('error' in shown) {
    const { code = '', message } = shown.error;
    const says = `no TLS connection: ${code === '' ? message : code}`;
    const port = portOf(target);
    if (PLAIN.test(code)) {
      const plain = `"url": "${target.protocol.replace('s:', ':')}//${target.host}${path}"`;
      return [finding('tls', 'problem', `no TLS is spoken at port ${port} (${code})`, plain), ...trust];
    }
    const fix = OLD.test(code) ? 'have the server speak TLS 1.2 or later' : undefined;
    return [finding('tls', 'problem', says, fix), ...trust];
  }
  const hasOwnAuthorities = tls?.ca !== undefined;
  const isPublic = hasOwnAuthorities && shown.code !== undefined && (await isTrustedPublicly(target, proxy));
  const context = { url: target, path, shown, now, hasOwnAuthorities, isPublic, throughProxy: proxy !== undefined };
  if (env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return [...judge(context), ...trust];
  const says = 'NODE_TLS_REJECT_UNAUTHORIZED=0: no certificate is checked, and anyone on the way may read along';
  const judged = judge(context).map((each): Finding => (each.level === 'problem' ? { ...each, level: 'note' } : each));
  return [finding('tls', 'note', says, 'unset NODE_TLS_REJECT_UNAUTHORIZED'), ...judged, ...trust];
};

const isTrustedPublicly = async (target: URL, proxy: URL | undefined): Promise<boolean> => {
  const again = proxy === undefined ? await reach(target) : await reachThrough(proxy, target);
  if (!('socket' in again)) return false;
  const shown = await shakeHands(target, again.socket);
  return !('error' in shown) && shown.code === undefined;
};

/** Whether Node could make use of the file in NODE_EXTRA_CA_CERTS; where it could not, it has said so once and gone on. */
const extraAuthorities = async (
  { NODE_EXTRA_CA_CERTS: file = '' }: Env,
  tls: NetworkCheck['tls'],
): Promise<Finding[]> => {
  if (file === '') return [];
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => error);
  const isPem = typeof text === 'string' && text.includes('-----BEGIN CERTIFICATE-----');
  if (!isPem) {
    const why = typeof text === 'string' ? 'holds no certificate in PEM' : `cannot be read (${text.code})`;
    return [
      finding(
        'tls',
        'note',
        `NODE_EXTRA_CA_CERTS counts for nothing: ${file} ${why}`,
        'export NODE_EXTRA_CA_CERTS=FILE.pem',
      ),
    ];
  }
  if (tls?.ca !== undefined)
    return [
      finding('tls', 'note', 'NODE_EXTRA_CA_CERTS does not count here: "tls": { "ca" } of the server takes its place'),
    ];
  return [finding('tls', 'ok', `the authorities in ${file} are trusted as well (NODE_EXTRA_CA_CERTS)`)];
};
