/** Puts the description of the gateway together. */
import type { ListedTool } from '../../../api.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { nodesOf } from '../../../schema/measure.ts';
import { VERSION } from '../../../version.ts';
import { FIXED_PATHS } from './fixed-paths.ts';
import { PARAMETERS, RESPONSES, SCHEMAS } from './shared.ts';
import { toolOperation } from './tool-operation.ts';

/** Nodes of JSON in the schemas of all tools; those of further tools are left out of the document. */
const MAX_NODES = 200_000;
/** Tools in one document. */
const MAX_OPERATIONS = 10_000;

const ABOUT = `Tools of MCP servers as plain HTTP.

- A failure is \`application/problem+json\`: \`code\` says what went wrong, \`executed\` whether the call took effect, \`retryAfterMs\` when to try again.
- A tool's own error is status 422 with what it said in \`content\`.
- \`Accept: text/event-stream\` streams \`progress\` events, then one \`result\` or \`error\`.
- \`Accept: image/*\` (or \`audio/*\`, or the type) gives the one image, sound or blob of a result as bytes.
- \`Prefer: respond-async\` answers 202 with a job under \`Location\`; \`Prefer: wait=10\` bounds the wait.
- \`multipart/form-data\` with the header \`X-Toolway\` is taken as well: files become base64 for arguments whose schema says \`contentEncoding: base64\` or \`format: binary\`, \`byte\` or \`base64\`, and text for other strings.
- Calls with the same \`Idempotency-Key\` and arguments share one outcome.`;

/** The document for some tools; with `server`, of that one server's tools alone, without the routes that are always there. */
export const openApiDocument = (tools: readonly ListedTool[], { server }: { server?: string } = {}): JsonObject => {
  const paths: JsonObject = server === undefined ? { ...FIXED_PATHS } : {};
  const schemas: JsonObject = { ...SCHEMAS };
  const leftOut: { server: string; tool: string; reason: string }[] = [];
  const ids = new Set<string>();
  let nodes = 0;
  for (const tool of tools) {
    const size = nodes > MAX_NODES ? 0 : sizeOf(tool);
    nodes += size;
    const id = idOf(tool, ids);
    const made =
      ids.size > MAX_OPERATIONS
        ? { reason: `there are more than ${MAX_OPERATIONS} tools` }
        : toolOperation(tool, id, { schemas: nodes <= MAX_NODES });
    if ('reason' in made) {
      if (leftOut.length < 100)
        leftOut.push({ server: tool.server, tool: tool.name.slice(0, 200), reason: made.reason });
      continue;
    }
    paths[made.path] = { post: made.operation };
    Object.assign(schemas, made.components);
  }
  const tags = [...new Set(tools.map((tool) => tool.server))].map((name) => ({
    name,
    description: `Tools of ${name}.`,
  }));
  return {
    openapi: '3.1.0',
    info: {
      title: server === undefined ? 'Toolway' : `Toolway: ${server}`,
      version: VERSION,
      description: ABOUT,
      ...(leftOut.length > 0 && { 'x-toolway-left-out': leftOut }),
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { apiKey: [] }],
    tags: server === undefined ? [{ name: 'gateway', description: 'What is always there.' }, ...tags] : tags,
    paths,
    components: {
      schemas,
      parameters: PARAMETERS,
      responses: RESPONSES,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
  };
};

/** Anything but letters, digits, `_` and `-` is written as its code, so that generators make names of it. */
const idOf = ({ server, name }: ListedTool, taken: Set<string>): string => {
  const plain = `${server}__${name}`.slice(0, 300);
  const base = plain.replace(/[^A-Za-z0-9_-]/g, (character) => `_x${character.charCodeAt(0).toString(16)}_`);
  let id = base;
  for (let number = 2; taken.has(id); number += 1) id = `${base}_${number}`;
  taken.add(id);
  return id;
};

/** What is too deep to be walked is refused before long, and counts as one. */
const sizeOf = ({ inputSchema, outputSchema }: ListedTool): number => {
  try {
    return nodesOf(inputSchema) + nodesOf(outputSchema);
  } catch {
    return 1;
  }
};
