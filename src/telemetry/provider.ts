/** Whether somebody listens to OpenTelemetry in this process. */

/** Every copy of the API of major version 1 keeps what is registered in this one place, so as to share it with the others. */
export const hasProvider = (): boolean => {
  const registered = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')];
  const { trace, metrics } = (registered ?? {}) as { trace?: unknown; metrics?: unknown };
  return (trace ?? metrics) !== undefined;
};
