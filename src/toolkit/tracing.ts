/** The step of the road that tells OpenTelemetry of each call: loaded where that is wanted. */
import type { Middleware } from '../middleware/middleware.ts';
import type { Logger, ToolkitOptions } from '../options.ts';
import type { Runtime } from '../runtime.ts';
import type { ManagedServer } from '../server/server.ts';
import { createTelemetry, type LinkFacts, type TelemetryOptions } from '../telemetry/otel.ts';
import type { Secrets } from '../telemetry/secrets.ts';
import { openTelemetryApi } from '../telemetry/start.ts';

export interface TracingOptions extends Pick<TelemetryOptions, 'version' | 'guarded'> {
  wanted: ToolkitOptions['telemetry'];
  runtime: Runtime;
  secrets: Secrets;
  logger: Logger | undefined;
}

/** Makes the step for servers; undefined where the API of OpenTelemetry cannot be had, which throws if it was asked for. */
export const createTracing = async ({ wanted, runtime, secrets, logger, version, guarded }: TracingOptions) => {
  const api = await openTelemetryApi(wanted, runtime.openTelemetry);
  if (api === undefined) return undefined;
  return (servers: ReadonlyMap<string, ManagedServer>): Middleware =>
    createTelemetry({
      api,
      clock: runtime.clock,
      version,
      guarded,
      linkOf: ({ server, scope }) => linkTo(servers.get(server), scope),
      masked: secrets.masked,
      report: (error) => logger?.warn('the telemetry provider failed', { error }),
    });
};

const linkTo = (server: ManagedServer | undefined, scope: string): LinkFacts => {
  const session = server?.connectionOf(scope)?.current();
  const { kind, sessionId } = session?.transport ?? {};
  return { kind, sessionId, protocolVersion: session?.protocolVersion, url: server?.config.url };
};
