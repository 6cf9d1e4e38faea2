/**
 * Toolway for any runtime: browsers, workers, React Native, Node. Web standards only; programs in Node that start
 * servers or read configuration files import `toolway/node` instead.
 */
import type { Toolkit } from './api.ts';
import { browserRuntime } from './browser-runtime.ts';
import type { ToolkitOptions } from './options.ts';
import { assembleToolkit } from './toolkit/toolkit.ts';

export type * from './api.ts';
export type { WriteState } from './call.ts';
export { Call } from './call.ts';
export type { CredentialRequest, CredentialSource, CredentialTarget, WantedCredentials } from './credentials.ts';
export type { ErrorCode, ErrorFacts, Executed, Problem } from './errors.ts';
export { ToolwayError } from './errors.ts';
export type { EventHandler, EventName, ToolkitEvents } from './events.ts';
export type * from './handlers.ts';
export type { CallFn, Middleware } from './middleware/middleware.ts';
export type * from './options.ts';
export type * from './permission.ts';
export type { ServerClient } from './protocol/client.ts';
export type { ServerIdentity } from './protocol/era.ts';
export type * from './protocol/types.ts';
export type { EraName, JsonRpcMessage, RequestId } from './protocol/wire.ts';
export type { OpenTelemetryApi, OpenTelemetrySpan, TelemetryFacts } from './telemetry/api.ts';
export type { CallMetrics, ServerMetrics, ToolkitMetrics } from './telemetry/metrics.ts';
export type { Transport, TransportKind } from './transport/transport.ts';

/**
 * Makes a toolkit over `fetch` and `WebSocket`. Rejects with `invalid_config` only when the options as a whole are
 * unusable; a server that cannot be reached is `failed` and never stops the others.
 */
export const createToolkit = (options: ToolkitOptions = {}): Promise<Toolkit> =>
  assembleToolkit(options, ({ env }) => browserRuntime(env));
