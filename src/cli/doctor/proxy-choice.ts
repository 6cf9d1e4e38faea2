/** Which proxy a server is reached through, and which one the environment has in mind for it. */
import { hostOf, portOf } from './place.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** What programs such as curl would do with a URL, by the environment. */
export interface ProxyOfEnvironment {
  /** The variable that names the proxy. */
  variable: string;
  url: string;
  /** The part of NO_PROXY that takes the host out. */
  except?: { variable: string; entry: string };
}

const isSet = (env: Env, name: string): boolean => (env[name] ?? '') !== '';
const eitherCase = (name: string): string[] => [name, name.toLowerCase()];
const isLoopback = (host: string): boolean => /^(localhost|.+\.localhost|127\..*|::1)$/.test(host);

/** None for hosts of this machine. */
export const proxyOfEnvironment = (url: URL, env: Env): ProxyOfEnvironment | undefined => {
  const names = /^(https|wss):$/.test(url.protocol) ? ['HTTPS_PROXY', 'ALL_PROXY'] : ['HTTP_PROXY', 'ALL_PROXY'];
  const variable = names.flatMap(eitherCase).find((name) => isSet(env, name));
  if (variable === undefined || isLoopback(hostOf(url))) return undefined;
  const without = eitherCase('NO_PROXY').find((name) => isSet(env, name));
  const entry = without === undefined ? undefined : exceptionIn(env[without] ?? '', url);
  return {
    variable,
    url: env[variable] ?? '',
    ...(without !== undefined && entry !== undefined && { except: { variable: without, entry } }),
  };
};

/** The entry of a NO_PROXY list that means this URL: `*`, a host, a domain with all below it, either with a port. */
export const exceptionIn = (list: string, url: URL): string | undefined => {
  const host = hostOf(url).toLowerCase();
  return list
    .split(/[\s,]+/)
    .filter(Boolean)
    .find((entry) => {
      if (entry === '*') return true;
      const [, name = '', port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry.toLowerCase().replace(/^\*?\./, '')) ?? [];
      const wanted = entry.split(':').length > 2 && !entry.includes(']') ? entry.toLowerCase() : name;
      const isPort = wanted !== name || port === undefined || Number(port) === portOf(url);
      return isPort && (host === wanted || host.endsWith(`.${wanted}`));
    });
};
