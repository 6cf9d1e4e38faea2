/**
 * Secrets are masked by their value, wherever they turn up: a server that prints its environment, a proxy that quotes a
 * header, a URL in an error. Names alone would not find them there.
 */
import { ToolwayError } from '../errors.ts';

/** What stands in the place of a secret. */
const MASKED = '***';
/** A shorter value would be found in words that have nothing to do with it. */
const SHORTEST = 6;
const LONGEST = 65_536;
const DEEPEST = 64;

export interface Mask {
  /** Masks this value from now on: as it is, base64 and URL-encoded. Values of less than 6 characters are left alone. */
  add(secret: string): void;
  /** The text with `***` in the place of each secret. */
  text(text: string): string;
  /** The value with every text in it masked, in errors and their causes too; itself where there is nothing to mask. */
  value<T>(value: T): T;
}

export interface MaskOptions {
  /** How many values are known at a time; the one that was added longest ago goes first. */
  maxSecrets?: number;
}

export const createMask = ({ maxSecrets = 1_000 }: MaskOptions = {}): Mask => {
  const known = new Map<string, string[]>();
  let pattern: RegExp | undefined;

  const text = (given: string): string => {
    if (known.size === 0) return given;
    pattern ??= patternOf([...known.values()].flat());
    return given.replace(pattern, MASKED);
  };

  const value = (given: unknown, above: readonly object[]): unknown => {
    if (typeof given === 'string') return text(given);
    if (typeof given !== 'object' || given === null) return given;
    if (above.length >= DEEPEST || above.includes(given)) return '[…]';
    const inner = (part: unknown): unknown => value(part, [...above, given]);
    try {
      return maskedObject(given, inner);
    } catch {
      // A getter or a proxy that throws; what cannot be read cannot be shown either.
      return MASKED;
    }
  };
  const maskedObject = (given: object, inner: (part: unknown) => unknown): unknown => {
    if (given instanceof ToolwayError) return given.mapped(inner as <T>(part: T) => T);
    if (given instanceof Error) return maskedError(given, inner);
    if (Array.isArray(given)) {
      const parts = given.map(inner);
      return parts.some((part, index) => part !== given[index]) ? parts : given;
    }
    if (!isPlain(given)) return given;
    const entries = Object.entries(given).map(([key, part]): [string, unknown] => [text(key), inner(part)]);
    const isSame = entries.every(([key, part]) => Object.hasOwn(given, key) && part === given[key]);
    return isSame ? given : Object.fromEntries(entries);
  };

  return {
    add(secret) {
      if (secret.length < SHORTEST || secret.length > LONGEST) return;
      const forms = known.get(secret);
      known.delete(secret);
      known.set(secret, forms ?? formsOf(secret));
      for (const oldest of known.keys()) {
        if (known.size <= maxSecrets) break;
        known.delete(oldest);
        pattern = undefined;
      }
      if (forms === undefined) pattern = undefined;
    },
    text,
    value: <T>(given: T): T => (known.size === 0 ? given : (value(given, []) as T)),
  };
};

const isPlain = (value: object): value is Record<string, unknown> => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

/** A copy, where a text of the error or of anything that it carries has to be masked. */
const maskedError = (error: Error, inner: (part: unknown) => unknown): Error => {
  const keys = new Set(['name', 'message', 'stack', 'cause', ...Object.getOwnPropertyNames(error)]);
  const parts = [...keys].map((key): [string, unknown, unknown] => {
    const own: unknown = error[key as keyof Error];
    return [key, own, inner(own)];
  });
  if (parts.every(([, own, masked]) => own === masked)) return error;
  const copy = new Error();
  for (const [key, , masked] of parts) {
    if (masked !== undefined)
      Object.defineProperty(copy, key, {
        value: masked,
        enumerable: Object.prototype.propertyIsEnumerable.call(error, key),
        configurable: true,
        writable: true,
      });
  }
  return copy;
};

/** The longest first: a secret may begin with another. */
const patternOf = (forms: readonly string[]): RegExp =>
  new RegExp(
    [...new Set(forms)]
      .sort((a, b) => b.length - a.length)
      .map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
      .join('|'),
    'g',
  );

/** The ways in which a value is written in what others say. */
const formsOf = (secret: string): string[] => {
  const bytes = new TextEncoder().encode(secret);
  const wellFormed = new TextDecoder().decode(bytes);
  const encoded = [
    encodeURIComponent(wellFormed),
    encodeURI(wellFormed),
    new URLSearchParams([['', wellFormed]]).toString().slice(1),
  ];
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    ...encoded,
    ...encoded.map((form) => form.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase())),
    ...base64Forms(bytes),
  ].filter((form) => form.length >= SHORTEST);
};

/** Base64 of a text that holds the secret somewhere: it depends on where, modulo three bytes; the digits that the secret shares with its neighbours are left out. */
const base64Forms = (bytes: Uint8Array): string[] =>
  [0, 1, 2].flatMap((before) => {
    const padded = new Uint8Array(before + bytes.length);
    padded.set(bytes, before);
    const digits = btoa(Array.from(padded, (byte) => String.fromCharCode(byte)).join(''));
    const own = digits.slice(Math.ceil((before * 8) / 6), Math.floor((padded.length * 8) / 6));
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
