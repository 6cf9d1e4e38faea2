/** Where the credentials of a server go: what they are given for, and all that they may be sent to. */
import type { CredentialTarget } from '../credentials.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import { sha256 } from '../policy/sha256.ts';
import type { Runtime } from '../runtime.ts';
import { createMask } from '../telemetry/masking.ts';
import { secretValues } from '../telemetry/secret-values.ts';

/** Stands for a credential where only the place counts. */
const STAND_IN = 'x';
const MAX_SHOWN_CHARS = 1_000;

/** Rejects with `invalid_config` where a URL cannot be told yet. */
export const credentialTarget = async (
  server: string,
  config: ServerConfig,
  { expand, names }: Pick<Runtime, 'expand'> & { names: readonly string[] },
): Promise<CredentialTarget> => {
  const { command, args = [], cwd, env = {}, envFile, url } = config;
  if (url === undefined) {
    const id = await sha256(JSON.stringify([command, args, cwd, Object.entries(env).sort(), envFile]));
    return { kind: 'command', id, shown: shownLine(config) };
  }
  const standIns = Object.fromEntries(names.map((name) => [name, STAND_IN]));
  const expanded = await expand(server, { url }, undefined, standIns);
  const origin = originOf(expanded.url ?? '');
  if (origin === undefined)
    throw new ToolwayError('invalid_config', 'the url cannot be parsed', { server, executed: 'no' });
  return { kind: 'url', id: origin, shown: origin };
};

/** Throws where a configuration, with everything in its place, leads anywhere else than to the target. */
export const mustLeadTo = ({ kind, id }: CredentialTarget, { url }: ServerConfig): void => {
  if (kind === 'command' || originOf(url ?? '') === id) return;
  throw new ToolwayError('invalid_config', `the url does not lead to ${id}`, { executed: 'no' });
};

/** Of WebSockets too, whose URLs have no origin of their own. */
const originOf = (url: string): string | undefined => {
  if (!URL.canParse(url)) return undefined;
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
};

/** The command line as it is configured: nothing in it is expanded, and what looks like a secret is masked. */
const shownLine = (config: ServerConfig): string => {
  const { command = '', args = [] } = config;
  const mask = createMask();
  for (const secret of secretValues({ args, command }, [])) mask.add(secret);
  return mask.text([command, ...args].join(' ')).slice(0, MAX_SHOWN_CHARS);
};
