/** What Node brings: child processes, pooled HTTP, WebSockets with headers, compiled schema checks, files and variables. */
import { resolve } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import { hasReferences } from '../config/plain.ts';
import { ToolwayError } from '../errors.ts';
import type { ServerConfig, ToolkitOptions } from '../options.ts';
import type { Runtime } from '../runtime.ts';
import { validatorOnDemand } from '../schema/on-demand.ts';
import type { SseTransportOptions } from '../transport/sse.ts';
import type { Expander } from './expansion.ts';

/** What children take over from their parent, where that is not this process. */
export interface Launch {
  /** The working directory of those that have none of their own; another one is relative to it. */
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
}

/** `env`, `inputs` and `onInput` are where `${…}` is looked up. */
export const nodeRuntime = (
  { env = process.env, inputs, onInput }: Pick<ToolkitOptions, 'env' | 'inputs' | 'onInput'> = {},
  clock: Clock = systemClock,
  launch?: Launch,
): Runtime => {
  let expander: Promise<Expander> | undefined;
  return {
    clock,
    files: {
      read: async (path, maxBytes) => (await import('./files.ts')).nodeFiles.read(path, maxBytes),
      write: (path, text) => pending(import('./files.ts').then(({ nodeFiles }) => nodeFiles.write(path, text))),
      alone: (path, run) => pending(import('./file-lock.ts').then(({ runAlone }) => runAlone(path, run))),
    },
    processes: {
      memoryOf: async (leaders) => (await import('./process-memory.ts')).memoryOf(leaders),
      kill: (leader) => void import('./process-group.ts').then(({ killGroup }) => killGroup(leader)),
    },
    createValidator: () => validatorOnDemand(async () => (await import('./schema-engine.ts')).createAjvValidator()),
    async expand(server, config, found, credentials) {
      if (config.envFile === undefined && config.tls === undefined && !hasReferences(config)) return config;
      expander ??= import('./expansion.ts').then(({ createExpander }) =>
        // Whoever has others started for it knows who is to be asked this time.
        createExpander({ env, cwd: launch?.cwd, inputs, onInput, asksOnce: launch === undefined }),
      );
      return (await expander)(server, config, found, credentials);
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
        const transport = createStdioTransport({ ...launchOf(config, launch), server, maxMessageBytes });
        const { start } = transport;
        transport.start = () => start().then(warmUp);
        return transport;
      }
      const { url = '', headers, tls, proxy } = config;
      if (kind === 'websocket') {
        // Around the proxy there may be no way, or none that is allowed.
        if (proxy !== undefined) {
          throw new ToolwayError('unsupported', 'a proxy is for http and https, not for WebSockets', {
            executed: 'no',
          });
        }
        const [{ createWebSocketTransport }, { createNodeWebSocketPort }] = await Promise.all([
          import('../transport/websocket.ts'),
          import('./websocket.ts'),
        ]);
        const socket = createNodeWebSocketPort({ headers, tls });
        return createWebSocketTransport({ url, socket, maxMessageBytes, server, clock });
      }
      const [create, { createPool }] = await Promise.all([
        kind === 'sse' ? loadSse() : import('../transport/http.ts').then((http) => http.createHttpTransport),
        import('./http-pool.ts'),
      ]);
      const port = createPool({ origin: urlOf(url).origin, tls, proxy });
      return create({ url, headers, port, limits: { maxMessageBytes }, clock });
    },
  };
};

/** Loads what the first list of tools needs while the program that will send it starts: until then there is nothing to do. */
const warmUp = (): void => {
  setImmediate(() => void import('./schema-engine.ts').then(({ loadAjv }) => loadAjv()).catch(() => {}));
};

/** What is being written now, of all toolkits. */
const writing = new Set<Promise<unknown>>();
const pending = <T>(work: Promise<T>): Promise<T> => {
  writing.add(work);
  const done = (): boolean => writing.delete(work);
  work.then(done, done);
  return work;
};

/** Resolves when no toolkit is writing a file. A program that exits in the midst of it leaves a lock behind. */
export const filesWritten = async (): Promise<void> => {
  while (writing.size > 0) await Promise.allSettled([...writing]);
};

const loadSse = async () => {
  const [{ createSseTransport }, { httpParts }] = await Promise.all([
    import('../transport/sse.ts'),
    import('../transport/http-parts.ts'),
  ]);
  return (options: SseTransportOptions) => createSseTransport(options, httpParts);
};

const launchOf = ({ command = '', args, env, cwd }: ServerConfig, launch: Launch | undefined) => ({
  command,
  ...(args === undefined ? {} : { args }),
  ...(env === undefined ? {} : { env }),
  ...(cwd === undefined ? {} : { cwd }),
  ...(launch && { cwd: resolve(launch.cwd, cwd ?? ''), inherited: launch.env }),
});

const urlOf = (url: string): URL => {
  if (URL.canParse(url)) return new URL(url);
  throw new ToolwayError('invalid_config', 'the url cannot be parsed', { executed: 'no' });
};
