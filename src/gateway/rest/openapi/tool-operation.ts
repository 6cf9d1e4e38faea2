/** One tool as an operation. */
import type { ListedTool } from '../../../api.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { type DescribedSchema, describeSchema, referenceTo } from './describe-schema.ts';
import { exampleOf } from './example.ts';

/** A tool in the document, or why it is not in it. */
export type ToolOperation =
  | { path: string; operation: JsonObject; components: Record<string, JsonObject> }
  | { reason: string };

const MAX_NAME = 256;
const MAX_DESCRIPTION = 8_192;

/** `id` is the operation's own in the document. Without `schemas` there is no room for those of the tool. */
export const toolOperation = (tool: ListedTool, id: string, { schemas }: { schemas: boolean }): ToolOperation => {
  const path = pathOf(tool);
  if (path === undefined) return { reason: 'its name cannot stand in a path' };
  const { server, name, title, description, annotations } = tool;
  const input = schemas ? described(tool.inputSchema, `${id}.arguments`) : FULL;
  const output =
    tool.outputSchema === undefined ? undefined : schemas ? described(tool.outputSchema, `${id}.result`) : FULL;
  const components = { ...componentsOf(input), ...(output !== undefined && componentsOf(output)) };
  const unchecked = [input, output].flatMap((one) => (one !== undefined && 'reason' in one ? [one.reason] : []));
  const body = bodyOf(input);
  const operation: JsonObject = {
    operationId: id,
    tags: [server],
    summary: textOf(title ?? annotations?.title ?? name, MAX_NAME),
    ...(typeof description === 'string' && { description: textOf(description, MAX_DESCRIPTION) }),
    ...(annotations !== undefined && { 'x-mcp-annotations': hintsOf(annotations) }),
    'x-mcp-server': server,
    'x-mcp-tool': name,
    ...(unchecked.length > 0 && { 'x-toolway-unchecked': unchecked.join('; ').slice(0, 1_000) }),
    parameters: [{ $ref: '#/components/parameters/IdempotencyKey' }],
    requestBody: body,
    responses: {
      200: {
        description: output === undefined ? 'What the tool gave.' : 'The structured content that the tool gave.',
        content: { 'application/json': { schema: resultOf(output) } },
      },
      default: { $ref: '#/components/responses/Problem' },
    },
  };
  return { path, operation, components };
};

const FULL = { reason: 'the schemas of all tools together are too large' };

type Described = DescribedSchema | { reason: string };
const known = new WeakMap<object, { name: string; described: Described }>();

/** A schema is described once for as long as its server keeps to it. */
const described = (schema: unknown, name: string): Described => {
  if (typeof schema !== 'object' || schema === null) return describeSchema(schema, name);
  const before = known.get(schema);
  if (before?.name === name) return before.described;
  const fresh = describeSchema(schema, name);
  known.set(schema, { name, described: fresh });
  return fresh;
};
const componentsOf = (one: Described): Record<string, JsonObject> => ('reason' in one ? {} : one.components);

const bodyOf = (input: Described): JsonObject => {
  if ('reason' in input) return { content: { 'application/json': { schema: { type: 'object' } } } };
  const { root, components } = input;
  const schema = components[root];
  const required = Array.isArray(schema?.required) && schema.required.length > 0;
  const media: JsonObject = { schema: referenceTo(root), example: exampleOf(schema, components) ?? {} };
  return { required, content: { 'application/json': media } };
};
const resultOf = (output: Described | undefined): JsonObject => {
  if (output === undefined) return referenceTo('ToolContent');
  return 'reason' in output ? {} : referenceTo(output.root);
};

/** The hints that the protocol knows, where they are what they have to be. */
const hintsOf = (annotations: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(annotations).filter(([key, value]) => key.endsWith('Hint') && typeof value === 'boolean'),
  );

/** Undefined where a client would not send what is written: dots are resolved, lone surrogates have no encoding. */
const pathOf = ({ server, name }: ListedTool): string | undefined => {
  if (name === '.' || name === '..' || name === '' || name.length > MAX_NAME || hasControls(name)) return undefined;
  try {
    return `/api/tools/${encodeURIComponent(server)}/${encodeURIComponent(name)}`;
  } catch {
    return undefined;
  }
};
const hasControls = (name: string): boolean => [...name].some((character) => character < ' ' || character === '\u007f');
const textOf = (text: unknown, most: number): string => String(text).slice(0, most);
