/** Among whose outcomes one under an idempotency key is kept. */
import type { ServerConfig } from '../options.ts';

/**
 * The server, or its group: whoever asks again may be sent to another member, which must not run what another one may
 * have run. No name of a server has a colon in it.
 */
export const keeperOf = ({ name, config: { group } }: { name: string; config: ServerConfig }): string =>
  group === undefined ? name : `group:${group}`;
