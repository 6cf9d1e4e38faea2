/** The layer that the environment adds to a configuration. */
import type { ServerConfig } from '../options.ts';
import { transport } from './fields.ts';
import { emptyConfig, type ParsedConfig } from './parse.ts';
import { ms, type Reader, secondsOrMs } from './readers.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment sets: servers, and the times that hold for every server. */
export interface EnvironmentLayer extends ParsedConfig {
  timeoutMs?: number;
}

/** The name of the server that `MCP_SERVER_URL` stands for. */
const ENVIRONMENT_SERVER = 'default';

/** Reads `MCP_SERVER_URL`, `MCP_TRANSPORT`, `MCP_TIMEOUT` (below 1000 in seconds) and `TOOLWAY_TIMEOUT_MS`. Empty is unset. */
export const readEnvironment = (env: Environment): EnvironmentLayer => {
  const layer: EnvironmentLayer = emptyConfig();
  const wrong = (name: string, message: string): void => {
    layer.problems.push({ level: 'error', path: name, message });
  };
  const time = (name: string, read: Reader<number>): number | undefined => {
    const given = env[name];
    if (given === undefined || given === '') return undefined;
    const result = read(Number(given));
    if (result.ok && result.value > 0) return result.value;
    wrong(name, `must be a number above 0, not ${JSON.stringify(given)}`);
    return undefined;
  };

  layer.timeoutMs = time('TOOLWAY_TIMEOUT_MS', ms) ?? time('MCP_TIMEOUT', secondsOrMs);
  const url = env.MCP_SERVER_URL;
  if (url === undefined || url === '') return layer;
  if (!URL.canParse(url) || !/^(https?|wss?):$/.test(new URL(url).protocol)) {
    wrong('MCP_SERVER_URL', 'must be an http(s) or ws(s) URL');
    return layer;
  }
  const server: ServerConfig = { url };
  if (env.MCP_TRANSPORT !== undefined && env.MCP_TRANSPORT !== '') {
    const kind = transport(env.MCP_TRANSPORT);
    if (!kind.ok) wrong('MCP_TRANSPORT', kind.message);
    else if (kind.value === 'stdio') wrong('MCP_TRANSPORT', 'stdio has no URL');
    else server.transport = kind.value;
  }
  layer.servers[ENVIRONMENT_SERVER] = server;
  return layer;
};
