/** What holds of the rewriting where a schema says several things at once: another validator is the judge. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { convertTools, lint, profileOf, toolProfiles } from '../../src/llm/index.ts';
import type { JsonObject } from '../../src/protocol/types.ts';
import { contrarySchemas, randomOf, valueBy } from '../fixtures/llm/schemas.ts';
import { LONG, times } from '../fixtures/long.ts';

const profiles = await Promise.all(toolProfiles.map((id) => profileOf(id)));

/** Undefined for what is no schema. */
const judgeOf = (schema: JsonObject): ((value: unknown) => boolean | undefined) | undefined => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false });
  try {
    const validate = ajv.compile(structuredClone(schema)) as (value: unknown) => boolean;
    return (value) => {
      try {
        return validate(value);
      } catch {
        // A schema that applies itself to the same value has no end.
        return undefined;
      }
    };
  } catch {
    return undefined;
  }
};

describe.each(profiles.map((profile) => ({ profile, id: profile.id })))('for $id', ({ profile }) => {
  const runs = { numRuns: times(1_500, 100), ...(!LONG && { seed: 7 }) };

  test('it is taken or kept back, and what fits it fits the original on the way back, unless a loss is reported', () => {
    let judged = 0;
    fc.assert(
      fc.property(contrarySchemas, fc.integer(), (inputSchema, seed) => {
        const { tools, report } = convertTools(
          [{ server: 's', name: 't', qualifiedName: 's.t', inputSchema }],
          profile,
        );
        const [tool] = tools;
        const [changed] = report.tools;
        if (tool === undefined) {
          expect(changed?.quarantined?.message).toEqual(expect.stringMatching(/./));
          return;
        }
        expect(lint(tool.strict === true ? profile : (profile.strict?.fallback ?? profile), tool)).toEqual([]);
        if (changed?.changes.some(({ loss }) => loss !== 'none')) return;
        const [rewritten, original] = [judgeOf(tool.inputSchema), judgeOf(inputSchema)];
        if (rewritten === undefined || original === undefined) return;
        const random = randomOf(seed);
        for (let attempt = 0; attempt < 8; attempt += 1) {
          const value = valueBy(tool.inputSchema, tool.inputSchema, random) as JsonObject;
          if (rewritten(value) !== true) continue;
          const args = tool.toArguments(structuredClone(value));
          const fits = original(args);
          if (fits !== undefined) judged += 1;
          if (fits !== false) continue;
          throw new Error(`${JSON.stringify(value)} → ${JSON.stringify(args)} by ${JSON.stringify(tool.inputSchema)}`);
        }
      }),
      runs,
    );
    expect(judged).toBeGreaterThan(10);
  }, 600_000);
});
