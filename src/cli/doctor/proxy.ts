/** What a proxy that a server names does with it: opens a tunnel, or says why not. */
import { type Finding, finding } from './finding.ts';
import { hostOf, placeOf, portOf } from './place.ts';
import { type Env, exceptionIn } from './proxy-choice.ts';
import type { Reached } from './tunnel.ts';

export const ownProxy = (proxy: URL, target: URL, reached: Reached, env: Env): Finding[] => {
  const place = placeOf(proxy.href);
  const without = ['NO_PROXY', 'no_proxy'].find((name) => exceptionIn(env[name] ?? '', target) !== undefined);
  const contrary: Finding[] =
    without === undefined
      ? []
      : [
          finding(
            'network',
            'note',
            `${without} names ${hostOf(target)}, but the "proxy" of a server always counts`,
            'remove "proxy" from the server',
          ),
        ];
  if ('socket' in reached)
    return [
      finding('network', 'ok', `goes through the proxy ${place}, which "proxy" of the server names`),
      ...contrary,
    ];
  return [...refusal(proxy, target, reached), ...contrary];
};

/** Why a proxy gave no tunnel. */
export const refusal = (proxy: URL, target: URL, reached: Exclude<Reached, { socket: unknown }>): Finding[] => {
  const place = placeOf(proxy.href);
  const host = `${target.hostname}:${portOf(target)}`;
  if ('error' in reached) {
    const { code, message } = reached.error;
    const fix = 'name a proxy that is there in "proxy" of the server';
    return [finding('network', 'problem', `no connection to the proxy ${place}: ${code ?? message}`, fix)];
  }
  const { status, says, schemes } = reached;
  const refused = `the proxy ${place} refuses CONNECT to ${host}: ${says}`;
  if (status === 407) return [finding('network', 'problem', ...unauthorized(proxy, refused, schemes))];
  const fix =
    status === 403 || status === 405
      ? `have ${host} allowed by those who run the proxy, or remove "proxy" from the server where there is a way without it`
      : status >= 500
        ? `the proxy does not get there itself: is ${host} right?`
        : undefined;
  return [finding('network', 'problem', refused, fix)];
};

const unauthorized = (proxy: URL, refused: string, schemes: string[]): [string, string] => {
  const wants = schemes.length === 0 ? '' : `, it wants ${schemes.join(' or ')}`;
  if (schemes.length > 0 && !schemes.some((name) => /^basic$/i.test(name)))
    return [
      `${refused}${wants}`,
      `Toolway speaks Basic only: name a local proxy in "proxy" that speaks ${schemes[0]}, such as px or cntlm`,
    ];
  const credentials = `"proxy": "${proxy.protocol}//\${PROXY_USER}:\${PROXY_PASSWORD}@${proxy.host}"`;
  return proxy.username === ''
    ? [`${refused}${wants}`, `give the server ${credentials}`]
    : [
        `${refused}${wants}, and does not accept the user name and password in its URL`,
        `set them right: ${credentials}`,
      ];
};
