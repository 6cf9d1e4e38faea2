import * as api from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import { openTelemetry } from '../../test/fixtures/open-telemetry.ts';
import { openTelemetryApi } from './start.ts';

const kept = openTelemetry();
afterEach(kept.reset);
const load = async () => api;
const missing = () => Promise.reject(new Error('Cannot find package'));

describe('the API of OpenTelemetry', () => {
  test('is not even loaded where nobody registered a provider or asks for it', async () => {
    const never = () => Promise.reject(new Error('it was loaded'));
    expect(await openTelemetryApi(undefined, never)).toBeUndefined();
    kept.register();
    expect(await openTelemetryApi(false, never)).toBeUndefined();
  });

  test('is loaded where a provider is registered, and on request in any case', async () => {
    expect(await openTelemetryApi(true, load)).toBe(api);
    kept.register();
    expect(await openTelemetryApi(undefined, load)).toBe(api);
    api.trace.disable();
    expect(await openTelemetryApi(undefined, load)).toBe(api);
    api.metrics.disable();
    expect(await openTelemetryApi(undefined, load)).toBeUndefined();
  });

  test('may be handed over', async () => {
    expect(await openTelemetryApi(api, undefined)).toBe(api);
  });

  test('that is wanted and missing is a wrong configuration', async () => {
    const refused = { code: 'invalid_config', message: 'telemetry needs the package @opentelemetry/api' };
    await expect(openTelemetryApi(true, missing)).rejects.toMatchObject(refused);
    await expect(openTelemetryApi(true, undefined)).rejects.toMatchObject({
      code: 'invalid_config',
      message: "telemetry takes the API itself here: await import('@opentelemetry/api')",
    });
  });

  test('that is missing costs nothing but telemetry where it was not asked for', async () => {
    kept.register();
    expect(await openTelemetryApi(undefined, missing)).toBeUndefined();
    expect(await openTelemetryApi(undefined, undefined)).toBeUndefined();
  });
});
