/** What holds of the rewriting whatever a server sends. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rewriteSchema } from '../../src/llm/conversion/rewrite.ts';
import { lint, profileOf, toolProfiles } from '../../src/llm/index.ts';
import type { JsonObject } from '../../src/protocol/types.ts';
import { createInterpretingValidator } from '../../src/schema/cfworker.ts';
import { isRefusal } from '../../src/schema/validator.ts';
import { randomOf, toolSchemas, valueBy } from '../fixtures/llm/schemas.ts';
import { LONG, times } from '../fixtures/long.ts';

const profiles = await Promise.all(toolProfiles.map((id) => profileOf(id)));
const validator = createInterpretingValidator();

/** Undefined where the schema is none that can be checked. */
const accepts = async (schema: JsonObject, value: unknown): Promise<boolean | undefined> => {
  const check = await validator.compile(structuredClone(schema));
  if (isRefusal(check)) return undefined;
  const problems = await check(value);
  if (problems?.some(({ message }) => message.startsWith('could not be checked'))) return undefined;
  return problems === undefined;
};

describe.each(profiles.map((profile) => ({ profile, id: profile.id })))('for $id', ({ profile }) => {
  // The same cases every day; new ones where there is time.
  const runs = { numRuns: times(5_000, 150), ...(!LONG && { seed: 42 }) };
  const more = { ...runs, numRuns: runs.numRuns * (profile.strict === undefined ? 1 : 4) };

  test('what was rewritten passes the check, and rewriting it again changes nothing', () => {
    let quarantined = 0;
    fc.assert(
      fc.property(toolSchemas, (schema) => {
        const rewritten = rewriteSchema(schema, profile);
        if (rewritten.quarantined !== undefined) {
          quarantined += 1;
          return;
        }
        const notSent =
          profile.strict !== undefined && rewritten.changes.some(({ loss }) => loss === 'weaker' || loss === 'shape');
        if (notSent) return;
        expect(lint({ ...profile, limits: {} }, { name: 'tool', inputSchema: rewritten.schema })).toEqual([]);
        const again = rewriteSchema(structuredClone(rewritten.schema), profile);
        if (again.quarantined !== undefined) throw new Error(again.quarantined.message);
        expect(again.schema).toEqual(rewritten.schema);
      }),
      runs,
    );
    expect(quarantined).toBeLessThan(runs.numRuns / 5);
  }, 600_000);

  test('what fits the rewritten schema fits the original on the way back, unless a loss is reported', async () => {
    let judged = 0;
    await fc.assert(
      fc.asyncProperty(toolSchemas, fc.integer(), async (schema, seed) => {
        const rewritten = rewriteSchema(schema, profile);
        if (rewritten.quarantined !== undefined || rewritten.changes.some(({ loss }) => loss !== 'none')) return;
        const random = randomOf(seed);
        for (let attempt = 0; attempt < 5; attempt += 1) {
          const value = valueBy(rewritten.schema, rewritten.schema, random) as JsonObject;
          if ((await accepts(rewritten.schema, value)) !== true) continue;
          const args = rewritten.toArguments(structuredClone(value));
          const fits = await accepts(schema, args);
          if (fits === undefined) continue;
          judged += 1;
          if (!fits)
            throw new Error(
              `${JSON.stringify(value)} → ${JSON.stringify(args)} by ${JSON.stringify(rewritten.schema)}`,
            );
        }
      }),
      more,
    );
    expect(judged).toBeGreaterThan(10);
  }, 600_000);
});
