/** What a toolkit tells those who watch it: events, metrics, logs, traces. None of it tells a secret. */
import { createEmitter, type Emitter, guarded } from '../events.ts';
import type { Middleware } from '../middleware/middleware.ts';
import type { Logger, ToolkitOptions } from '../options.ts';
import type { Runtime } from '../runtime.ts';
import type { ManagedServer } from '../server/server.ts';
import { hasProvider } from '../telemetry/provider.ts';
import { createSecrets, maskedEmitter, maskedLogger, type Secrets } from '../telemetry/secrets.ts';
import { VERSION } from '../version.ts';

export interface Watch {
  readonly events: Emitter;
  readonly logger: Logger | undefined;
  readonly secrets: Secrets;
  /** Makes the step that tells OpenTelemetry of each call, where that is wanted. */
  readonly step: ((servers: ReadonlyMap<string, ManagedServer>) => Middleware) | undefined;
}

/** Rejects with `invalid_config` when telemetry is wanted and cannot be had. */
export const createWatch = async (options: ToolkitOptions, runtime: Runtime): Promise<Watch> => {
  const { log: sink, telemetry: wanted } = options;
  const secrets = createSecrets();
  const log =
    sink === undefined
      ? undefined
      : (await import('../telemetry/log.ts')).createLog({ sink, logger: options.logger, masked: secrets.masked });
  const told = log?.logger ?? options.logger;
  const logger = told && maskedLogger(told, secrets);
  const events = maskedEmitter(
    createEmitter((error, event) => logger?.error(`a handler of "${event}" failed`, { error })),
    secrets,
  );
  events.on('warning', ({ server, message, tool, cause }) => logger?.warn(message, { server, tool, cause }));
  log?.attach(events);
  const step =
    (wanted ?? hasProvider())
      ? await (await import('./tracing.ts')).createTracing({
          wanted,
          runtime,
          secrets,
          logger,
          version: VERSION,
          guarded,
        })
      : undefined;
  return { events, logger, secrets, step };
};

/** Since when the server is connected, on the toolkit's clock; undefined while it is not. */
export const connectedSince = (server: ManagedServer): number | undefined => {
  const { state } = server.connection();
  return state.name === 'ready' ? state.since : undefined;
};
