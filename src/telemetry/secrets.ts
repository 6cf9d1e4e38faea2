/** The secrets that a toolkit knows, and the way in which nothing it says of itself tells one of them. What masks is loaded with the first secret. */
import type { Emitter, EventName } from '../events.ts';
import type { Logger, ServerConfig } from '../options.ts';
import type { Mask } from './masking.ts';
import type { Reference } from './secret-values.ts';

export interface Secrets {
  /** Learns the secrets of a server: `config` as expanded, and what was found for its `${…}`. Resolves before anything can tell them. */
  learn(config: ServerConfig, references: readonly Reference[]): Promise<void>;
  /** Learns a secret that is in no configuration, such as an access token. */
  add(secret: string): Promise<void>;
  /** The value with `***` in the place of each secret, in errors and their causes too; itself where there is none. */
  masked<T>(value: T): T;
  /** Such as know others beside these, which are masked in what is theirs alone: whoever gives one cannot change what is told of others. */
  apart(): Secrets;
}

export const createSecrets = (above?: Secrets): Secrets => {
  let mask: Mask | undefined;
  const add = async (values: readonly string[]): Promise<void> => {
    if (values.length === 0) return;
    const { createMask } = await import('./masking.ts');
    mask ??= createMask();
    for (const value of values) mask.add(value);
  };
  const secrets: Secrets = {
    async learn(config, references) {
      const { args, env, headers, url = '', proxy = '' } = config;
      const isBare = references.length === 0 && !args && !env && !headers && !/[?@]/.test(url + proxy);
      if (isBare) return;
      await add((await import('./secret-values.ts')).secretValues(config, references));
    },
    add: (secret) => add([secret]),
    masked(given) {
      const value = above?.masked(given) ?? given;
      return mask?.value(value) ?? value;
    },
    apart: () => createSecrets(secrets),
  };
  return secrets;
};

/** What these tell is what callers themselves gave and got. */
const OF_CALLERS: ReadonlySet<EventName> = new Set(['tool_call_start', 'tool_call_success', 'tool_call_progress']);

/** An emitter whose handlers are told no secret. */
export const maskedEmitter = (emitter: Emitter, { masked }: Secrets): Emitter => ({
  ...emitter,
  emit: (name, event) => {
    if (emitter.heard(name)) emitter.emit(name, OF_CALLERS.has(name) ? event : masked(event));
  },
});

/** A logger that is told no secret. */
export const maskedLogger = (logger: Logger, { masked }: Secrets): Logger => ({
  debug: (message, facts) => logger.debug(masked(message), masked(facts)),
  info: (message, facts) => logger.info(masked(message), masked(facts)),
  warn: (message, facts) => logger.warn(masked(message), masked(facts)),
  error: (message, facts) => logger.error(masked(message), masked(facts)),
});
