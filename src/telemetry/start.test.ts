import * as api from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import { openTelemetry } from '../../test/fixtures/open-telemetry.ts';
import { hasProvider } from './provider.ts';
import { openTelemetryApi } from './start.ts';

const kept = openTelemetry();
afterEach(kept.reset);
const missing = () => Promise.reject(new Error('Cannot find package'));

test('a provider is there once one for traces or one for metrics is registered', () => {
  expect(hasProvider()).toBe(false);
  kept.register();
  expect(hasProvider()).toBe(true);
  api.trace.disable();
  expect(hasProvider()).toBe(true);
  api.metrics.disable();
  expect(hasProvider()).toBe(false);
});

describe('the API of OpenTelemetry', () => {
  test('is loaded, or handed over', async () => {
    expect(await openTelemetryApi(true, async () => api)).toBe(api);
    expect(await openTelemetryApi(undefined, async () => api)).toBe(api);
    expect(await openTelemetryApi(api, undefined)).toBe(api);
  });

  test('that is wanted and missing is a wrong configuration', async () => {
    await expect(openTelemetryApi(true, missing)).rejects.toMatchObject({
      code: 'invalid_config',
      message: 'telemetry needs the package @opentelemetry/api',
      cause: { message: 'Cannot find package' },
    });
    await expect(openTelemetryApi(true, undefined)).rejects.toMatchObject({
      code: 'invalid_config',
      message: "telemetry takes the API itself here: await import('@opentelemetry/api')",
    });
  });

  test('that is missing costs nothing but telemetry where it was not asked for', async () => {
    expect(await openTelemetryApi(undefined, missing)).toBeUndefined();
    expect(await openTelemetryApi(undefined, undefined)).toBeUndefined();
  });
});
