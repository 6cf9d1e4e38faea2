/** OpenTelemetry as far as it is used here, so that nobody needs its package for the types. */

/** What Toolway uses of the package `@opentelemetry/api`. */
export interface OpenTelemetryApi {
  trace: {
    getTracer(
      name: string,
      version?: string,
    ): {
      startSpan(
        name: string,
        options?: { kind?: number; attributes?: TelemetryFacts },
        context?: unknown,
      ): OpenTelemetrySpan;
    };
    getSpan(context: unknown): unknown;
    setSpan(context: unknown, span: unknown): unknown;
  };
  metrics: {
    getMeter(
      name: string,
      version?: string,
    ): {
      createHistogram(
        name: string,
        options?: { description?: string; unit?: string; advice?: { explicitBucketBoundaries?: number[] } },
      ): { record(value: number, attributes?: TelemetryFacts, context?: unknown): void };
    };
  };
  context: { active(): unknown; with<T>(context: unknown, run: () => T): T };
  propagation: {
    inject(context: unknown, carrier: Record<string, unknown>): void;
    extract(context: unknown, carrier: Record<string, unknown>): unknown;
  };
}

/** What Toolway uses of a span of OpenTelemetry. */
export interface OpenTelemetrySpan {
  setAttributes(attributes: TelemetryFacts): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}

/** Attributes of a span or of a measurement. */
export type TelemetryFacts = Record<string, string | number | boolean>;
