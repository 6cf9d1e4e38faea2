/** `gateway`, as files give it: who may come in, how connections are shared, and what callers may make it hold. Read part by part, with what is wrong and where. */
import type { Isolation, ServerConfig } from '../options.ts';
import { isolation } from './fields.ts';
import { LIMIT_READERS, type LimitSettings } from './gateway-limits.ts';
import { type Readers, type Report, readParts } from './parts.ts';
import { pointerStep } from './places.ts';
import type { ConfigProblem } from './problem.ts';
import {
  count,
  flag,
  isObject,
  kindOf,
  limitMs,
  ms,
  names,
  oneOf,
  positive,
  type Reader,
  some,
  someText,
} from './readers.ts';
import type { Suggest } from './server.ts';

type Scope = 'read' | 'call' | 'approve' | 'admin';

type FilterSettings = string[] | { allow?: string[]; deny?: string[] };

interface GrantSettings {
  scopes?: Scope[];
  tools?: FilterSettings;
  resources?: FilterSettings;
  prompts?: FilterSettings;
}

interface AllowanceSettings {
  rateLimit?: { perSecond?: number; perMinute?: number; burst?: number };
  quota?: { perDay: number };
}

/** What is said of a key beside the key itself. */
export interface KeyFacts extends GrantSettings, AllowanceSettings {
  name: string;
  expires?: string;
}

/** One key. `key` is a reference, which `expandGateway` replaces. */
export interface KeySettings extends KeyFacts {
  key?: string;
  sha256?: string;
}

interface IssuerSettings extends AllowanceSettings {
  issuer: string;
  audience: string[];
  jwksUri?: string;
  algorithms?: string[];
  scopes?: Record<string, GrantSettings>;
  clockToleranceMs?: number;
}

/** Who may come in: the same names and meanings as `AccessOptions` of the gateway. */
export interface AccessSettings {
  apiKeys?: KeySettings[];
  jwt?: IssuerSettings[];
  allowedHosts?: string[];
  allowedOrigins?: string[];
  publicUrl?: string;
  trustProxy?: boolean | number;
  maxFailures?: number;
  sessionIdleMs?: number;
  sessionMaxMs?: number;
}

/** What files say of the gateway. */
export interface GatewaySettings {
  access: AccessSettings;
  /** By server where servers differ; `*` is all others. */
  isolation?: Isolation | Record<string, Isolation>;
  limits?: LimitSettings;
}

const SCOPES = ['read', 'call', 'approve', 'admin'] as const satisfies Scope[];
const KEY_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const checked =
  (read: Reader<string>, fits: (value: string) => boolean, message: string): Reader<string> =>
  (value) => {
    const result = read(value);
    return !result.ok || fits(result.value) ? result : { ok: false, message };
  };

const webUrl = checked(
  someText,
  (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
  'must be a URL, https://…',
);
const origin = checked(
  someText,
  (value) => /^[a-z][a-z0-9+.-]*:\/\/[^/\s?#*]+$/.test(value),
  'must be an origin as browsers send it, such as https://app.example.com',
);
const host = checked(
  someText,
  (value) => /^(\[[0-9a-f:.]+\]|(\*\.)?[a-z0-9._-]+)(:\d{1,5})?$/i.test(value),
  'must be the name of a host, such as tools.example.com or *.example.com, with or without a port',
);
const keyName = checked(
  someText,
  (value) => KEY_NAME.test(value),
  'must be at most 64 letters, digits, ".", "_" and "-"',
);
const digest = checked(someText, (value) => /^[0-9a-f]{64}$/i.test(value), 'must be 64 hexadecimal digits');
const reference = checked(
  someText,
  (value) => value.includes('${'),
  'is the key itself: refer to it, as in ${env:NAME} or ${file:path}, or give its sha256',
);
const time = checked(
  someText,
  (value) => !Number.isNaN(Date.parse(value)),
  'must be a time, such as 2027-01-31T00:00:00Z',
);

/** Several in a list, one by itself. */
const listOf =
  <T>(read: Reader<T>): Reader<T[]> =>
  (value) => {
    const all: unknown[] = Array.isArray(value) ? value : [value];
    const items: T[] = [];
    for (const [index, one] of all.entries()) {
      const item = read(one);
      if (!item.ok) return { ...item, ...(Array.isArray(value) && { step: String(index) }) };
      items.push(item.value);
    }
    return { ok: true, value: items };
  };

/** Reads an object part by part; what is wrong in it is reported by the reading itself. */
const within =
  <T extends object>(path: string, readers: Readers<T>, report: Report): Reader<T> =>
  (value) => ({ ok: true, value: readParts<T>(value, path, readers, report) ?? ({} as T) });

const filter = (path: string, report: Report): Reader<FilterSettings> => {
  const parts = within<{ allow?: string[]; deny?: string[] }>(path, { allow: names, deny: names }, report);
  return (value) => (isObject(value) ? parts(value) : names(value));
};

const grant = (path: string, report: Report): Readers<GrantSettings> => ({
  scopes: listOf(oneOf(SCOPES)),
  tools: filter(`${path}/tools`, report),
  resources: filter(`${path}/resources`, report),
  prompts: filter(`${path}/prompts`, report),
});

const allowance = (path: string, report: Report): Readers<AllowanceSettings> => ({
  rateLimit: within(`${path}/rateLimit`, { perSecond: positive, perMinute: positive, burst: some }, report),
  quota: (value) => {
    const quota = readParts<{ perDay: number }>(value, `${path}/quota`, { perDay: some }, report);
    if (quota !== undefined && quota.perDay === undefined) report(`${path}/quota`, 'needs perDay');
    return { ok: true, value: quota ?? { perDay: 0 } };
  },
});

const keyFacts = (path: string, report: Report): Readers<KeyFacts> => ({
  name: keyName,
  expires: time,
  ...grant(path, report),
  ...allowance(path, report),
});

/** Reads what is said of a key whose text is nowhere yet; what is wrong with it is reported. */
export const readKeyFacts = (value: unknown, report: Report): KeyFacts | undefined => {
  const facts = readParts<KeyFacts>(value, '', keyFacts('', report), report);
  if (isObject(value) && value.name === undefined) report('', 'needs a name');
  return facts;
};

const readKey = (value: unknown, path: string, report: Report): KeySettings | undefined => {
  const readers: Readers<KeySettings> = { key: reference, sha256: digest, ...keyFacts(path, report) };
  const key = readParts<KeySettings>(value, path, readers, report);
  if (!isObject(value)) return undefined;
  if (value.name === undefined) report(path, 'needs a name');
  if ((value.key === undefined) === (value.sha256 === undefined)) report(path, 'needs either key or sha256');
  return key;
};

const readIssuer = (value: unknown, path: string, report: Report): IssuerSettings | undefined => {
  const readers: Readers<IssuerSettings> = {
    issuer: webUrl,
    audience: names,
    jwksUri: webUrl,
    algorithms: names,
    clockToleranceMs: ms,
    scopes: (given) => {
      if (!isObject(given)) return { ok: false, message: `must be an object of scopes by name, not ${kindOf(given)}` };
      const scopes = Object.entries(given).map(([name, one]): [string, GrantSettings] => {
        const here = `${path}/scopes${pointerStep(name)}`;
        return [name, readParts<GrantSettings>(one, here, grant(here, report), report) ?? {}];
      });
      return { ok: true, value: Object.fromEntries(scopes) };
    },
    ...allowance(path, report),
  };
  const issuer = readParts<IssuerSettings>(value, path, readers, report);
  if (!isObject(value)) return undefined;
  for (const part of ['issuer', 'audience']) if (value[part] === undefined) report(path, `needs ${part}`);
  return issuer;
};

const present = <T>(items: (T | undefined)[]): T[] => items.filter((item) => item !== undefined);

const readKeys = (value: unknown, path: string, report: Report): KeySettings[] => {
  if (!Array.isArray(value)) {
    report(path, `must be a list of keys, not ${kindOf(value)}`);
    return [];
  }
  const keys = present(value.map((one, index) => readKey(one, `${path}/${index}`, report)));
  for (const [index, { name }] of keys.entries()) {
    if (name !== undefined && keys.findIndex((key) => key.name === name) < index) {
      report(`${path}/${index}/name`, `is the name of a key before it: ${name}`);
    }
  }
  return keys;
};

const readIssuers = (value: unknown, path: string, report: Report): IssuerSettings[] => {
  if (!Array.isArray(value)) return present([readIssuer(value, path, report)]);
  return present(value.map((one, index) => readIssuer(one, `${path}/${index}`, report)));
};

/** Reads `gateway` where it is given. With an error among the problems nothing of it can be used. */
export const readGateway = (
  value: unknown,
  suggest: Suggest,
): { gateway?: GatewaySettings; problems: ConfigProblem[] } => {
  const problems: ConfigProblem[] = [];
  if (value === undefined || value === null) return { problems };
  const push = (path: string, message: string): void => void problems.push({ level: 'error', path, message });
  const report: Report = Object.assign(push, { suggest });
  const read = readParts<AccessSettings & { isolation?: Isolation; limits?: LimitSettings }>(
    value,
    '/gateway',
    {
      apiKeys: (keys) => ({ ok: true, value: readKeys(keys, '/gateway/apiKeys', report) }),
      jwt: (issuers) => ({ ok: true, value: readIssuers(issuers, '/gateway/jwt', report) }),
      allowedHosts: listOf(host),
      allowedOrigins: listOf(origin),
      publicUrl: webUrl,
      trustProxy: (proxies) => (typeof proxies === 'boolean' ? flag(proxies) : count(proxies)),
      maxFailures: some,
      sessionIdleMs: limitMs,
      sessionMaxMs: limitMs,
      isolation,
      limits: within<LimitSettings>('/gateway/limits', LIMIT_READERS, report),
    },
    report,
  );
  if (read === undefined) return { problems };
  const { isolation: shared, limits, ...access } = read;
  const more = { ...(shared !== undefined && { isolation: shared }), ...(limits !== undefined && { limits }) };
  return { gateway: { access, ...more }, problems };
};

/** What is said of the gateway, of all servers and of single ones as one; undefined where nothing is. */
export const gatewayFor = (
  gateway: GatewaySettings | undefined,
  servers: Readonly<Record<string, ServerConfig>>,
  defaults: Partial<ServerConfig>,
): GatewaySettings | undefined => {
  const usual = defaults.isolation ?? gateway?.isolation;
  const own = Object.entries(servers).flatMap(([name, server]): [string, Isolation][] =>
    server.isolation === undefined ? [] : [[name, server.isolation]],
  );
  if (gateway === undefined && usual === undefined && own.length === 0) return undefined;
  const byServer = own.length === 0 ? usual : Object.fromEntries([...own, ['*', usual ?? 'shared']]);
  return {
    access: gateway?.access ?? {},
    ...(byServer !== undefined && { isolation: byServer as Isolation }),
    ...(gateway?.limits !== undefined && { limits: gateway.limits }),
  };
};
