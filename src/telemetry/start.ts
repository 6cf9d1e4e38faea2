/** With which copy of its API a toolkit speaks OpenTelemetry. */
import { ToolwayError } from '../errors.ts';
import type { OpenTelemetryApi } from './api.ts';

/**
 * The API to speak to; undefined where it cannot be had and was not asked for. `load` is there where packages can be
 * loaded by name. Throws `invalid_config` where `wanted` is true and it cannot be had.
 */
export const openTelemetryApi = async (
  wanted: boolean | OpenTelemetryApi | undefined,
  load: (() => Promise<OpenTelemetryApi>) | undefined,
): Promise<OpenTelemetryApi | undefined> => {
  if (typeof wanted === 'object') return wanted;
  const missing = (reason: string, cause?: unknown): undefined => {
    if (wanted === true) throw new ToolwayError('invalid_config', `telemetry ${reason}`, { cause });
  };
  if (load === undefined) return missing("takes the API itself here: await import('@opentelemetry/api')");
  return load().catch((cause: unknown) => missing('needs the package @opentelemetry/api', cause));
};
