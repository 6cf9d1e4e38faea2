/** Whether a toolkit speaks OpenTelemetry, and with which copy of its API. */
import { ToolwayError } from '../errors.ts';
import type { OpenTelemetryApi } from './api.ts';

/**
 * The API to speak to, or undefined for silence. `load` is there where packages can be loaded by name. Throws
 * `invalid_config` when telemetry is wanted and cannot be had.
 */
export const openTelemetryApi = async (
  wanted: boolean | OpenTelemetryApi | undefined,
  load: (() => Promise<OpenTelemetryApi>) | undefined,
): Promise<OpenTelemetryApi | undefined> => {
  if (typeof wanted === 'object') return wanted;
  if (wanted === false || (wanted === undefined && !hasProvider())) return undefined;
  const needed = wanted === true;
  if (load === undefined)
    return needed ? refuse("takes the API itself here: await import('@opentelemetry/api')") : undefined;
  return load().catch((cause: unknown) => (needed ? refuse('needs the package @opentelemetry/api', cause) : undefined));
};

const refuse = (reason: string, cause?: unknown): never => {
  throw new ToolwayError('invalid_config', `telemetry ${reason}`, { cause });
};

/** Every copy of the API of major version 1 keeps what is registered in this one place, so as to share it with the others. */
const hasProvider = (): boolean => {
  const registered = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')];
  const { trace, metrics } = (registered ?? {}) as { trace?: unknown; metrics?: unknown };
  return trace !== undefined || metrics !== undefined;
};
