/** What is configured, value by value, each with its origin and without its secrets. */
import type { Origin, Origins } from '../config/origin.ts';
import { pointerStep, pointerSteps } from '../config/places.ts';
import type { ServerConfig } from '../options.ts';
import { CONNECT_TIMEOUT_MS, DEFAULTS } from '../server/settings.ts';
import { createMask } from '../telemetry/masking.ts';
import { secretValues } from '../telemetry/secret-values.ts';
import { DEFAULT_MAX_MESSAGE_BYTES } from '../transport/transport.ts';

/** One value. An entry of `env` or `headers` has the name `env.NAME`. */
export interface ConfigValue {
  field: string;
  value: unknown;
  origin: Origin;
}

const DEFAULT: Origin = { kind: 'default' };
const RECORDS = ['env', 'headers'] as const;
const MASKED = '***';

/** What holds where nobody says otherwise. */
const builtIn = ({ command, transport }: ServerConfig): Partial<ServerConfig> => ({
  disabled: false,
  era: 'auto',
  connectTimeoutMs:
    command === undefined && transport !== 'stdio' ? CONNECT_TIMEOUT_MS.other : CONNECT_TIMEOUT_MS.stdio,
  timeoutMs: DEFAULTS.timeoutMs,
  totalTimeoutMs: DEFAULTS.totalTimeoutMs,
  autoReconnect: true,
  retryDelayMs: DEFAULTS.retryDelayMs,
  maxConcurrency: 64,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
  retry: { attempts: 3 },
  breaker: { failures: 5, openMs: 5_000 },
  trustHints: false,
  trustResults: false,
  pins: 'block',
});

/** Every value of a server: its own, then the file's `defaults`, then what is built in. */
export const valuesOf = (
  server: ServerConfig,
  origins: Origins,
  { defaults = {}, defaultOrigins }: { defaults?: Partial<ServerConfig>; defaultOrigins: Origins },
): ConfigValue[] => {
  const values: ConfigValue[] = [];
  const add = (fields: Partial<ServerConfig>, from: Origins): void => {
    for (const [field, value] of Object.entries(fields)) {
      if (value === undefined || typeof value === 'function') continue;
      if (values.some((known) => known.field === field || known.field.startsWith(`${field}.`))) continue;
      const record = RECORDS.find((name) => name === field);
      const entries = record === undefined ? [] : Object.entries(fields[record] ?? {});
      for (const [name, text] of entries) {
        values.push({
          field: `${field}.${name}`,
          value: text,
          origin: from[field + pointerStep(name)] ?? from[field] ?? DEFAULT,
        });
      }
      if (entries.length === 0) values.push({ field, value, origin: from[field] ?? DEFAULT });
    }
  };
  add(server, origins);
  add(defaults, defaultOrigins);
  add(builtIn(server), {});
  return masked(values, { ...defaults, ...server });
};

/** References are shown, and what they stand for is not known; of what is written out nothing is shown that may be a secret. */
const masked = (values: readonly ConfigValue[], server: ServerConfig): ConfigValue[] => {
  const secrets = secretValues(server, []).filter((secret) => secret !== '' && !isReference(secret));
  const mask = createMask();
  for (const secret of secrets) mask.add(secret);
  const text = (given: string): string =>
    secrets.includes(given) ? MASKED : mask.text(secrets.reduce((shown, secret) => endless(shown, secret), given));
  return values.map((one) => ({
    ...one,
    value:
      typeof one.value === 'string'
        ? text(one.value)
        : Array.isArray(one.value)
          ? one.value.map(textIn(text))
          : one.value,
  }));
};

const textIn =
  (text: (given: string) => string) =>
  (part: unknown): unknown =>
    typeof part === 'string' ? text(part) : part;

/** A secret too short to be looked for anywhere, at the end of its own text: `--pin=1234`, `Bearer abc`. */
const endless = (text: string, secret: string): string =>
  text.endsWith(secret) && /[=\s]/.test(text.charAt(text.length - secret.length - 1))
    ? text.slice(0, -secret.length) + MASKED
    : text;

/** References without a default, and nothing else. */
const isReference = (text: string): boolean => /^(?:\$\{(?:(?!:-)[^{}])+\})+$/.test(text);

/** `policy`, `pins` and the limits, as far as files say something about them. */
export const rootValuesOf = (config: Record<string, unknown>, rootOrigins: Origins): ConfigValue[] =>
  Object.entries(rootOrigins).map(([path, origin]) => {
    const value = pointerSteps(`/${path}`).reduce<unknown>(
      (here, step) => (here as Record<string, unknown> | undefined)?.[step],
      config,
    );
    return { field: path.replaceAll('/', '.'), value, origin };
  });
