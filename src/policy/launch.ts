/** What a server is, by how it is reached rather than by what it is called. */
import { canonicalJson } from '../canonical.ts';
import type { ServerConfig } from '../options.ts';

/**
 * How a configuration says that its server is started or reached, as text; of variables and headers the names alone,
 * since their values are secrets that change. Nothing for a link that the program makes itself.
 */
export const launchText = ({
  command,
  args,
  cwd,
  url,
  transport,
  env = {},
  headers = {},
}: ServerConfig): string | undefined =>
  typeof transport === 'function'
    ? undefined
    : canonicalJson({ command, args, cwd, url, env: Object.keys(env).sort(), headers: Object.keys(headers).sort() });
