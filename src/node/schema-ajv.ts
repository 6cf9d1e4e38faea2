/** What ajv is asked to do, on the calling thread and in the worker alike. */
import type { Ajv2020 } from 'ajv/dist/2020.js';
import type { RegExpEngine } from 'ajv/dist/types/index.js';
import type { JsonObject } from '../protocol/types.ts';
import type { Failure } from '../schema/explain.ts';

/** A normalized schema as ajv compiled it. */
export interface Compiled {
  /** Stops at the first failure; the fast way. */
  fits(value: unknown): boolean;
  /** What is wrong with a value that does not fit: everything, or only the first failure. */
  failures(value: unknown, everything: boolean): Failure[];
}

export type Compile = (schema: JsonObject, usesUnevaluated: boolean) => Compiled;

/**
 * Makes the function that compiles normalized schemas. Each gets an ajv of its own, so nothing is kept when the schema
 * is dropped. The text of this function also runs in the worker: it must not use any name from outside itself.
 */
export const createCompile = (Ajv: typeof Ajv2020, regExp: RegExpEngine | undefined): Compile => {
  const MAX_FAILURES = 60;
  const MAX_VALUES = 10;

  const keyOf = (value: unknown): string => {
    if (typeof value !== 'object' || value === null)
      return typeof value === 'string' ? JSON.stringify(value) : `${value}`;
    if (Array.isArray(value)) return `[${value.map(keyOf).join(',')}]`;
    const entries = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${keyOf((value as JsonObject)[key])}`);
    return `{${entries.join(',')}}`;
  };

  // ajv compares every item with every other one; this looks at each once.
  const repeats = (items: unknown[]): { i: number; j: number } | undefined => {
    const seen = new Map<string, number>();
    for (let i = 0; i < items.length; i += 1) {
      const key = keyOf(items[i]);
      const j = seen.get(key);
      if (j !== undefined) return { i, j };
      seen.set(key, i);
    }
    return undefined;
  };

  const ajvFor = (usesUnevaluated: boolean, everything: boolean): Ajv2020 => {
    const ajv = new Ajv({
      strict: false,
      strictNumbers: true,
      logger: false,
      meta: false,
      validateSchema: false,
      validateFormats: false,
      addUsedSchema: false,
      messages: false,
      inlineRefs: false,
      ownProperties: true,
      multipleOfPrecision: 10,
      allErrors: everything,
      verbose: everything,
      code: { optimize: false, ...(regExp && { regExp }) },
    });
    ajv.opts.unevaluated = usesUnevaluated;
    ajv.opts.dynamicRef = false;
    ajv.removeKeyword('uniqueItems');
    const uniqueItems = (wanted: boolean, items: unknown[]): boolean => {
      const params = wanted ? repeats(items) : undefined;
      uniqueItems.errors = params === undefined ? [] : [{ keyword: 'uniqueItems', params }];
      return params === undefined;
    };
    uniqueItems.errors = [] as { keyword: string; params: JsonObject }[];
    ajv.addKeyword({ keyword: 'uniqueItems', type: 'array', schemaType: 'boolean', validate: uniqueItems });
    return ajv;
  };

  type Errors = ReturnType<Ajv2020['compile']>['errors'];
  const readable = (errors: Errors): Failure[] => {
    const failures: Failure[] = [];
    for (const { instancePath, keyword, params, propertyName, parentSchema } of errors ?? []) {
      if (failures.length >= MAX_FAILURES) break;
      if (propertyName !== undefined) continue;
      const failure: Failure = { path: instancePath, keyword, params };
      if (keyword === 'enum') {
        const { allowedValues } = params as { allowedValues: unknown[] };
        failure.params = { allowedValues: allowedValues.slice(0, MAX_VALUES), count: allowedValues.length };
      } else if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') {
        failure.known = Object.keys(parentSchema?.properties ?? {});
      }
      failures.push(failure);
    }
    return failures;
  };

  return (schema, usesUnevaluated) => {
    const fits = ajvFor(usesUnevaluated, false).compile(schema);
    let thorough: ReturnType<Ajv2020['compile']> | undefined;
    return {
      fits: (value) => fits(value),
      failures(value, everything) {
        if (!everything) {
          fits(value);
          return readable(fits.errors);
        }
        thorough ??= ajvFor(usesUnevaluated, true).compile(schema);
        thorough(value);
        return readable(thorough.errors);
      },
    };
  };
};
