/** What a provider sends is anything until it has been looked at. */
import type { JsonObject } from '../../protocol/types.ts';
import type { Usage } from '../model.ts';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object; an empty one for anything else. */
export const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});

export const objectsOf = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A number of tokens, or of anything else that is counted. */
export const countOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;

/** Usage without the fields that are not known. */
export const usageOf = (usage: Usage): Usage =>
  Object.fromEntries(Object.entries(usage).filter(([, tokens]) => tokens !== undefined));

/** What is left of `whole` when `parts` are taken out of it. */
export const without = (whole: number | undefined, ...parts: (number | undefined)[]): number | undefined =>
  whole === undefined ? undefined : Math.max(0, whole - parts.reduce<number>((sum, part) => sum + (part ?? 0), 0));

/**
 * The arguments that a model wrote: nothing is no arguments, what is no JSON object is kept as text. Where the message
 * was cut short in this call, nothing is not known to be all that it would have written.
 */
export const readArguments = (written: unknown, cut = false): { arguments: JsonObject } | { text: string } => {
  const nothing = cut ? { text: '' } : { arguments: {} };
  if (isObject(written)) return Object.keys(written).length === 0 ? nothing : { arguments: written };
  if (written === undefined || written === null) return nothing;
  if (typeof written !== 'string') return { text: JSON.stringify(written) };
  if (written.trim() === '') return nothing;
  try {
    const value: unknown = JSON.parse(written);
    if (isObject(value)) return { arguments: value };
  } catch {}
  return { text: written };
};
