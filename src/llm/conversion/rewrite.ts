import type { JsonObject } from '../../protocol/types.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Change, Finding } from './types.ts';

interface Rewritten {
  schema: JsonObject;
  changes: Change[];
  toArguments(input: JsonObject): JsonObject;
  quarantined?: Finding;
}

/** Rewrites one schema. Never throws. */
export const rewriteSchema = (given: unknown, _profile: Profile): Rewritten => {
  const schema = typeof given === 'object' && given !== null ? (given as JsonObject) : {};
  const changes: Change[] = [];
  const { $schema: _, ...rest } = schema;
  return {
    schema: { ...rest, type: 'object', properties: rest.properties ?? {} },
    changes,
    toArguments: (input) => input,
  };
};
