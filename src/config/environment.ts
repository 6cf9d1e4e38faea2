/** The layer that the environment adds to a configuration. */
import type { ServerConfig } from '../options.ts';
import { transport } from './fields.ts';
import type { Origins } from './origin.ts';
import { emptyConfig, type ParsedConfig } from './parse.ts';
import { limitMs, limitSecondsOrMs, type Reader, some } from './readers.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment sets: a server, and fields that hold for every server, whatever files say. */
export interface EnvironmentLayer extends ParsedConfig {
  overrides: Partial<ServerConfig>;
  overrideOrigins: Origins;
}

/** The name of the server that `MCP_SERVER_URL` stands for. */
const ENVIRONMENT_SERVER = 'default';

/**
 * Reads `MCP_SERVER_URL`, `MCP_TRANSPORT`, `MCP_TIMEOUT` (below 1000 in seconds), `MCP_RETRY_ATTEMPTS` and
 * `TOOLWAY_TIMEOUT_MS`. Empty is unset.
 */
export const readEnvironment = (env: Environment): EnvironmentLayer => {
  const layer: EnvironmentLayer = { ...emptyConfig(), overrides: {}, overrideOrigins: {} };
  const wrong = (name: string, message: string): void => {
    layer.problems.push({ level: 'error', path: name, message });
  };
  const given = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const number = (name: string, read: Reader<number>, set: (value: number) => Partial<ServerConfig>): void => {
    const text = given(name);
    if (text === undefined) return;
    const result = read(text.trim() === '' ? Number.NaN : Number(text));
    if (!result.ok) {
      wrong(
        name,
        result.message.replace(/not \S+$/, () => `not ${JSON.stringify(text)}`),
      );
      return;
    }
    const fields = set(result.value);
    Object.assign(layer.overrides, fields);
    for (const field of Object.keys(fields)) layer.overrideOrigins[field] = { kind: 'variable', name };
  };

  number('MCP_TIMEOUT', limitSecondsOrMs, (timeoutMs) => ({ timeoutMs }));
  number('TOOLWAY_TIMEOUT_MS', limitMs, (timeoutMs) => ({ timeoutMs }));
  number('MCP_RETRY_ATTEMPTS', some, (attempts) => ({ retry: { attempts } }));
  const url = given('MCP_SERVER_URL');
  if (url === undefined) return layer;
  if (!URL.canParse(url) || !/^(https?|wss?):$/.test(new URL(url).protocol)) {
    wrong('MCP_SERVER_URL', 'must be an http(s) or ws(s) URL');
    return layer;
  }
  const server: ServerConfig = { url };
  const origins: Origins = { url: { kind: 'variable', name: 'MCP_SERVER_URL' } };
  const named = given('MCP_TRANSPORT');
  if (named !== undefined) {
    const kind = transport(named);
    if (!kind.ok) wrong('MCP_TRANSPORT', kind.message);
    else if (kind.value === 'stdio') wrong('MCP_TRANSPORT', 'stdio has no URL');
    else {
      server.transport = kind.value;
      origins.transport = { kind: 'variable', name: 'MCP_TRANSPORT' };
    }
  }
  layer.servers[ENVIRONMENT_SERVER] = server;
  layer.origins[ENVIRONMENT_SERVER] = origins;
  return layer;
};
