/** Defaults that a schema declares for the properties of its object. */
import type { JsonObject } from '../protocol/types.ts';

/**
 * A new object with the properties of `value` and, where one is absent, the `default` that the schema declares for it.
 * Looks at the top level only, never overwrites, and shares nothing with the schema. The result has no prototype.
 */
export const applyDefaults = (schema: JsonObject, value: JsonObject | undefined): JsonObject => {
  const filled: JsonObject = Object.create(null);
  for (const [key, own] of Object.entries(value ?? {})) {
    if (own !== undefined) filled[key] = own;
  }
  const properties = schema.properties;
  if (!isObject(properties)) return filled;
  for (const [key, property] of Object.entries(properties)) {
    if (Object.hasOwn(filled, key) || !isObject(property) || property.default === undefined) continue;
    filled[key] = structuredClone(property.default);
  }
  return filled;
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
