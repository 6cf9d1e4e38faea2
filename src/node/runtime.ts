/** What Node brings: child processes, pooled HTTP, WebSockets with headers, compiled schema checks, files and variables. */
import { type Clock, systemClock } from '../clock.ts';
import type { ReferenceScheme } from '../config/expand.ts';
import { hasReferences } from '../config/plain.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import type { Runtime } from '../runtime.ts';
import { validatorOnDemand } from '../schema/on-demand.ts';
import type { SseTransportOptions } from '../transport/sse.ts';

/** `env` is where `${…}` is looked up. */
export const nodeRuntime = (
  env: Readonly<Record<string, string | undefined>> = process.env,
  clock: Clock = systemClock,
): Runtime => ({
  clock,
  files: {
    read: async (path, maxBytes) => (await import('./files.ts')).nodeFiles.read(path, maxBytes),
    write: async (path, text) => (await import('./files.ts')).nodeFiles.write(path, text),
    alone: async (path, run) => (await import('./file-lock.ts')).runAlone(path, run),
  },
  createValidator: () => validatorOnDemand(async () => (await import('./schema-engine.ts')).createAjvValidator()),
  async expand(server, config, found) {
    if (!hasReferences(config)) return config;
    return (await import('../config/expand.ts')).expandServer(server, config, { env, resolve, found });
  },
  async openTelemetry() {
    try {
      return await import('@opentelemetry/api');
    } catch (cause) {
      // Bundlers take a package that is not there for a mistake, unless its absence is provided for on the spot.
      throw new ToolwayError('invalid_config', 'the package @opentelemetry/api cannot be loaded', { cause });
    }
  },
  // Each kind of link is loaded when the first server wants it.
  async openTransport({ server, kind, config, maxMessageBytes }) {
    if (kind === 'stdio') {
      const { createStdioTransport } = await import('./stdio.ts');
      return createStdioTransport({ ...launchOf(config), server, maxMessageBytes });
    }
    const { url = '', headers } = config;
    if (kind === 'websocket') {
      const [{ createWebSocketTransport }, { createNodeWebSocketPort }] = await Promise.all([
        import('../transport/websocket.ts'),
        import('./websocket.ts'),
      ]);
      const socket = createNodeWebSocketPort({ headers });
      return createWebSocketTransport({ url, socket, maxMessageBytes, server, clock });
    }
    const [create, { createPool }] = await Promise.all([
      kind === 'sse' ? loadSse() : import('../transport/http.ts').then((http) => http.createHttpTransport),
      import('./http-pool.ts'),
    ]);
    const port = createPool({ origin: urlOf(url).origin });
    return create({ url, headers, port, limits: { maxMessageBytes }, clock });
  },
});

const loadSse = async () => {
  const [{ createSseTransport }, { httpParts }] = await Promise.all([
    import('../transport/sse.ts'),
    import('../transport/http-parts.ts'),
  ]);
  return (options: SseTransportOptions) => createSseTransport(options, httpParts);
};

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
  if (scheme === 'file') return (await (await import('node:fs/promises')).readFile(name, 'utf8')).trimEnd();
  throw new ToolwayError('invalid_config', `${scheme}: is not available`, { executed: 'no' });
};
