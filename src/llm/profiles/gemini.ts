import type { Profile } from './profile.ts';

/** Gemini, where schemas are given as `parametersJsonSchema`; close to what `parameters` takes too. */
export const profile: Profile = {
  id: 'gemini',
  verified: '2026-11-22',
  sources: [
    {
      url: 'https://www.npmjs.com/package/@google/genai',
      kind: 'type',
      quote: 'FunctionDeclaration.name, FunctionDeclaration.parametersJsonSchema',
    },
    { url: 'https://ai.google.dev/gemini-api/docs/structured-output', kind: 'page' },
    {
      url: 'https://github.com/google-gemini/gemini-cli/issues/19083',
      kind: 'error',
      quote: 'At most 512 function declarations can be specified',
    },
  ],
  name: { pattern: '[a-zA-Z_][a-zA-Z0-9_.-]*', max: 64 },
  propertyKey: '[a-zA-Z_][a-zA-Z0-9_]{0,63}',
  tools: 512,
  schema: {
    keywords: [
      ...['type', 'title', 'description', 'enum', 'format', 'anyOf', 'items', 'minItems', 'maxItems'],
      ...['minimum', 'maximum', 'properties', 'additionalProperties', 'required'],
    ],
    rootForbids: ['anyOf', 'enum'],
    formats: ['date-time'],
    typeLists: 'null',
    enumOf: ['string'],
    refs: 'inline',
    oneOf: 'anyOf',
    allOf: 'merge',
    itemsNeeded: true,
    unionSiblings: false,
  },
  rejections: [
    {
      error:
        "GenerateContentRequest.tools[0].function_declarations[34].parameters.properties[url].format: only 'enum' and 'date-time' are supported for STRING type",
      source: 'https://github.com/google-gemini/gemini-cli/issues/5450',
      tool: { inputSchema: { type: 'object', properties: { url: { type: 'string', format: 'uri' } } } },
      finds: { code: 'format', path: '/properties/url/format' },
    },
    {
      error:
        'Invalid JSON payload received. Unknown name "type" at \'tools[0].function_declarations[1].parameters.properties[0].value\': Proto field is not repeating, cannot start list.',
      source: 'https://github.com/nanbingxyz/5ire/issues/218',
      tool: { inputSchema: { type: 'object', properties: { value: { type: ['string', 'number', 'boolean'] } } } },
      finds: { code: 'type_list', path: '/properties/value/type' },
    },
    {
      error:
        'Invalid JSON payload received. Unknown name "const" at \'tools[0].function_declarations[9].parameters.properties[1].value.any_of[0].properties[0].value\': Cannot find field.',
      source: 'https://github.com/zed-industries/zed/issues/45552',
      tool: { inputSchema: { type: 'object', properties: { kind: { type: 'string', const: 'one' } } } },
      finds: { code: 'keyword', path: '/properties/kind/const' },
    },
    {
      error: "Invalid value at '….properties[2].value.enum[3]' (TYPE_STRING), 8",
      source: 'https://github.com/microsoft/azure-devops-mcp/issues/145',
      tool: { inputSchema: { type: 'object', properties: { kind: { type: 'number', enum: [1, 2, 4, 8] } } } },
      finds: { code: 'enum_value', path: '/properties/kind/enum/3' },
    },
    {
      error:
        'GenerateContentRequest.tools[0].function_declarations[0].parameters.properties[nodes].items: missing field.',
      source: 'https://github.com/anomalyco/opencode/issues/5832',
      tool: { inputSchema: { type: 'object', properties: { nodes: { type: 'array' } } } },
      finds: { code: 'items_missing', path: '/properties/nodes' },
    },
    {
      error:
        "$ref 'QuestionOption' was set alongside unsupported fields. If a schema node has $ref set, then only description and default can be set alongside it",
      source: 'https://github.com/anomalyco/opencode/issues/12295',
      tool: {
        inputSchema: {
          type: 'object',
          properties: { option: { $ref: '#/$defs/QuestionOption', title: 'Option' } },
          $defs: { QuestionOption: { type: 'object', properties: { label: { type: 'string' } } } },
        },
      },
      finds: { code: 'reference', path: '/properties/option/$ref' },
    },
    {
      error:
        'GenerateContentRequest.tools[0].function_declarations[37].name: Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.) or dashes (-), with a maximum length of 64.',
      source: 'https://github.com/google-gemini/gemini-cli/issues/6704',
      tool: { name: '21st_magic_component_builder', inputSchema: { type: 'object', properties: {} } },
      finds: { code: 'name', path: 'name' },
    },
  ],
};
