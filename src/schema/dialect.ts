/** Which JSON Schema dialects are understood, and where in a schema other schemas stand. */
import { ToolwayError } from '../errors.ts';

/** What sets one draft apart from the others, as far as reading it is concerned. */
export interface Dialect {
  name: string;
  idKeyword: 'id' | '$id';
  /** Up to draft-07 nothing beside a `$ref` counts. */
  refHidesSiblings: boolean;
}

const modern = (name: string): Dialect => ({ name, idKeyword: '$id', refHidesSiblings: false });
const old = (name: string): Dialect => ({ name, idKeyword: '$id', refHidesSiblings: true });

/** What a schema without `$schema` is written in. */
export const DEFAULT_DIALECT: Dialect = modern('2020-12');

const DIALECTS = new Map<string, Dialect>([
  ['json-schema.org/draft/2020-12/schema', DEFAULT_DIALECT],
  ['json-schema.org/schema', DEFAULT_DIALECT],
  ['json-schema.org/draft/2019-09/schema', modern('2019-09')],
  ['json-schema.org/draft-07/schema', old('draft-07')],
  ['json-schema.org/draft-06/schema', old('draft-06')],
  ['json-schema.org/draft-04/schema', { ...old('draft-04'), idKeyword: 'id' }],
]);

/** The dialect that a `$schema` names. Throws `unsupported` for any other. */
export const dialectOf = (uri: unknown): Dialect => {
  const known = typeof uri === 'string' ? DIALECTS.get(uri.replace(/^https?:\/\//, '').replace(/#$/, '')) : undefined;
  if (known === undefined) {
    throw new ToolwayError('unsupported', `the dialect ${JSON.stringify(uri)?.slice(0, 200)} is not known`);
  }
  return known;
};

/** How the schemas below a keyword are held. */
export type Shape = 'one' | 'list' | 'map';

/** Keywords whose schemas apply to the value itself. */
export const IN_PLACE = new Map<string, Shape>([
  ['not', 'one'],
  ['if', 'one'],
  ['then', 'one'],
  ['else', 'one'],
  ['allOf', 'list'],
  ['anyOf', 'list'],
  ['oneOf', 'list'],
  ['dependentSchemas', 'map'],
]);

/** Keywords whose schemas apply to the items or properties of the value. */
export const TO_CHILDREN = new Map<string, Shape>([
  ['properties', 'map'],
  ['patternProperties', 'map'],
  ['additionalProperties', 'one'],
  ['unevaluatedProperties', 'one'],
  ['propertyNames', 'one'],
  ['prefixItems', 'list'],
  ['items', 'one'],
  ['unevaluatedItems', 'one'],
  ['contains', 'one'],
]);

/** Keywords that only hold schemas, or that older drafts have beside the ones above. */
export const HOLDERS = new Map<string, Shape>([
  ['$defs', 'map'],
  ['definitions', 'map'],
  ['dependencies', 'map'],
  ['additionalItems', 'one'],
]);
