/** Strict schemas as the providers' own libraries see them: theirs changes nothing that ours has written. */
import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema';
import fc from 'fast-check';
import { toStrictJsonSchema } from 'openai/lib/transform';
import { expect, test } from 'vitest';
import { rewriteSchema } from '../../src/llm/conversion/rewrite.ts';
import { type Profile, profileOf } from '../../src/llm/index.ts';
import type { JsonObject } from '../../src/protocol/types.ts';
import { toolSchemas } from '../fixtures/llm/schemas.ts';

const runs = { numRuns: 400, seed: 7 };

/** Looks at each schema by chance that would be sent as strict; tells how many these were. */
const eachStrict = (profile: Profile, look: (schema: JsonObject) => void): number => {
  let count = 0;
  fc.assert(
    fc.property(toolSchemas, (given) => {
      const rewritten = rewriteSchema(given, profile);
      if (rewritten.quarantined !== undefined) return;
      if (rewritten.changes.some(({ loss }) => loss === 'weaker' || loss === 'shape')) return;
      count += 1;
      look(rewritten.schema);
    }),
    runs,
  );
  return count;
};

/** All descriptions, sorted: into these Anthropic's library moves what it takes out of a schema. */
const descriptionsIn = (schema: unknown): string[] =>
  (JSON.stringify(schema).match(/"description":"(?:[^"\\]|\\.)*"/g) ?? []).sort();

test("Anthropic's library finds nothing in strict schemas that it would take out", async () => {
  const count = eachStrict(await profileOf('anthropic-strict'), (schema) => {
    const theirs = transformJSONSchema(structuredClone(schema));
    expect(descriptionsIn(theirs)).toEqual(descriptionsIn(schema));
  });
  expect(count).toBeGreaterThan(20);
  const { description } = transformJSONSchema({ type: 'string', minLength: 3 });
  expect(description).toContain('minLength');
});

test("OpenAI's library leaves strict schemas as they are", async () => {
  const count = eachStrict(await profileOf('openai-responses-strict'), (schema) => {
    expect(toStrictJsonSchema(structuredClone(schema) as never)).toEqual(schema);
  });
  expect(count).toBeGreaterThan(20);
});
