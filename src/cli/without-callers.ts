/** What is configured for callers who are kept apart from each other, where there are none. */
import type { ServerConfig } from '../options.ts';

/** Only a gateway has such callers: for anybody else no process is started ahead. */
export const withoutCallers = (server: ServerConfig): ServerConfig =>
  server.isolation === undefined ? server : { ...server, isolation: undefined };
