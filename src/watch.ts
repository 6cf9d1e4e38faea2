/** What a toolkit tells those who watch it: events, metrics, logs, traces. None of it tells a secret. */
import { createEmitter, type Emitter } from './events.ts';
import type { Middleware } from './middleware/middleware.ts';
import type { Logger, ToolkitOptions } from './options.ts';
import type { Runtime } from './runtime.ts';
import type { ManagedServer } from './server/server.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { createSecrets, maskedEmitter, maskedLogger, type Secrets } from './telemetry/secrets.ts';
import { openTelemetryApi } from './telemetry/start.ts';
import { VERSION } from './version.ts';

export interface Watch {
  readonly events: Emitter;
  readonly logger: Logger | undefined;
  readonly metrics: Metrics;
  readonly secrets: Secrets;
  /** The step that tells OpenTelemetry of each call, where that is wanted. */
  readonly step?: (servers: ReadonlyMap<string, ManagedServer>) => Middleware;
}

/** Rejects with `invalid_config` when telemetry is wanted and cannot be had. */
export const createWatch = async (options: ToolkitOptions, { clock, openTelemetry }: Runtime): Promise<Watch> => {
  const api = await openTelemetryApi(options.telemetry, openTelemetry);
  const secrets = createSecrets();
  const log =
    options.log === undefined
      ? undefined
      : (await import('./telemetry/log.ts')).createLog({ sink: options.log, logger: options.logger });
  const told = log?.logger ?? options.logger;
  const logger = told === undefined ? undefined : maskedLogger(told, secrets);
  const events = maskedEmitter(
    createEmitter((error, event) => logger?.error(`a handler of "${event}" failed`, { error })),
    secrets,
  );
  events.on('warning', ({ server, message, tool, cause }) => logger?.warn(message, { server, tool, cause }));
  log?.attach(events);
  const watch: Watch = { events, logger, metrics: createMetrics({ clock }), secrets };
  if (api === undefined) return watch;

  const { createTelemetry } = await import('./telemetry/otel.ts');
  const step = (servers: ReadonlyMap<string, ManagedServer>): Middleware =>
    createTelemetry({
      api,
      clock,
      version: VERSION,
      linkOf: ({ server: name, scope }) => linkTo(servers.get(name), scope),
      masked: secrets.masked,
      report: (error) => logger?.warn('the telemetry provider failed', { error }),
    });
  return { ...watch, step };
};

const linkTo = (server: ManagedServer | undefined, scope: string) => {
  const session = server?.connection(scope).current();
  const { kind, sessionId } = session?.transport ?? {};
  return { kind, sessionId, protocolVersion: session?.protocolVersion, url: server?.config.url };
};

/** Since when the server is connected, on the toolkit's clock; undefined while it is not. */
export const connectedSince = (server: ManagedServer): number | undefined => {
  const { state } = server.connection();
  return state.name === 'ready' ? state.since : undefined;
};
