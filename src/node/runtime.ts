/** What Node brings: child processes, pooled HTTP, WebSockets with headers, compiled schema checks, files and variables. */
import { readFile } from 'node:fs/promises';
import { systemClock } from '../clock.ts';
import { expandServer, type ReferenceScheme } from '../config/expand.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import type { Runtime } from '../runtime.ts';
import { createHttpTransport } from '../transport/http.ts';
import { createSseTransport } from '../transport/sse.ts';
import { createWebSocketTransport } from '../transport/websocket.ts';
import { createPool } from './http-pool.ts';
import { createAjvValidator } from './schema-engine.ts';
import { createStdioTransport } from './stdio.ts';
import { createNodeWebSocketPort } from './websocket.ts';

/** `env` is where `${…}` is looked up. */
export const nodeRuntime = (env: Readonly<Record<string, string | undefined>> = process.env): Runtime => ({
  clock: systemClock,
  createValidator: createAjvValidator,
  expand: (server, config) => expandServer(server, config, { env, resolve }),
  async openTransport({ server, kind, config, maxMessageBytes }) {
    if (kind === 'stdio') return createStdioTransport({ ...launchOf(config), server, maxMessageBytes });
    const url = config.url ?? '';
    const { headers } = config;
    if (kind === 'websocket') {
      const socket = createNodeWebSocketPort(headers === undefined ? {} : { headers });
      return createWebSocketTransport({ url, socket, maxMessageBytes, server });
    }
    const create = kind === 'sse' ? createSseTransport : createHttpTransport;
    const port = createPool({ origin: urlOf(url).origin });
    return create({ url, port, limits: { maxMessageBytes }, ...(headers === undefined ? {} : { headers }) });
  },
});

const launchOf = ({ command = '', args, env, cwd }: ServerConfig) => ({
  command,
  ...(args === undefined ? {} : { args }),
  ...(env === undefined ? {} : { env }),
  ...(cwd === undefined ? {} : { cwd }),
});

const urlOf = (url: string): URL => {
  if (URL.canParse(url)) return new URL(url);
  throw new ToolwayError('invalid_config', 'the url cannot be parsed', { executed: 'no' });
};

/** `${file:…}`; the other schemes are not available here. */
const resolve = async (scheme: ReferenceScheme, name: string): Promise<string | undefined> => {
  if (scheme === 'file') return (await readFile(name, 'utf8')).trimEnd();
  throw new ToolwayError('invalid_config', `${scheme}: is not available`, { executed: 'no' });
};
