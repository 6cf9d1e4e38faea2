/** The keywords of draft 2020-12 that say something about a value or to its reader; none that name or link schemas. */
export const MODERN: readonly string[] = [
  ...['type', 'enum', 'const', 'title', 'description', 'default', 'examples', 'format'],
  ...['deprecated', 'readOnly', 'writeOnly', 'contentEncoding', 'contentMediaType'],
  ...['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames'],
  ...['minProperties', 'maxProperties', 'dependentRequired', 'dependentSchemas', 'unevaluatedProperties'],
  ...['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems', 'contains', 'minContains', 'maxContains'],
  ...['unevaluatedItems', 'minLength', 'maxLength', 'pattern'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['anyOf', 'oneOf', 'allOf', 'not', 'if', 'then', 'else'],
];
