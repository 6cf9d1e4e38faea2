/** What a test server offers: tools, resources and prompts as a test writes them. */
import type {
  ElicitRequest,
  ElicitResult,
  GetPromptResult,
  JsonObject,
  LogLevel,
  Progress,
  PromptArgument,
  ReadResourceResult,
  Root,
  SampleRequest,
  SampleResult,
  Tool,
} from '../../protocol/types.ts';
import type { EraName, RequestId } from '../../protocol/wire.ts';

/** What a tool, a resource or a prompt of a test server has at hand while it works. */
export interface TestContext {
  /** The id of the request; where the client was asked something, of the latest one. */
  readonly id: RequestId;
  readonly era: EraName;
  /** The `_meta` of the request. */
  readonly meta: JsonObject;
  /** HTTP: the headers of the request. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Aborted when the client cancels, or leaves. */
  readonly signal: AbortSignal;
  /** Resolves when the client has cancelled, or left. */
  readonly cancelled: Promise<void>;
  /** Reports progress, where the client asked for it. */
  progress(progress: Progress): void;
  /** Sends a log message, where the client wants those of this level. */
  log(level: LogLevel, data: unknown, logger?: string): void;
  /** Asks the user. Rejects with `unsupported` where the client has not said that it can. */
  elicit(request: ElicitRequest): Promise<ElicitResult>;
  /** Asks the client's model. Rejects with `unsupported` where the client has not said that it can. */
  sample(request: SampleRequest): Promise<SampleResult>;
  /** Asks for the client's roots. Rejects with `unsupported` where the client has not said that it has some. */
  listRoots(): Promise<Root[]>;
}

/**
 * What a tool does. A text is its content, an object with `content` the whole result, any other value structured
 * content. What it throws is a result with `isError`; a `ToolwayError` with an `rpcCode` is that JSON-RPC error.
 */
export type RunTool = (args: JsonObject, context: TestContext) => unknown;

/** A tool of a test server: its definition, and what it does. */
export interface TestTool extends Partial<Omit<Tool, 'name'>> {
  run: RunTool;
}
/** A resource of a test server, or with a template for its key, a family of them. */
export interface TestResource {
  /** Default: the URI. */
  name?: string;
  description?: string;
  mimeType?: string;
  text?: string;
  /** Base64. */
  blob?: string;
  /** Makes the contents at each reading: a text, or a whole result. `values` are those of the template's variables. */
  read?: (uri: string, context: TestContext, values: Record<string, string>) => unknown;
  [key: string]: unknown;
}
/** A prompt of a test server: a text is one message of the user. */
export interface TestPrompt {
  description?: string;
  arguments?: PromptArgument[];
  get(args: Record<string, string>, context: TestContext): string | GetPromptResult | Promise<string | GetPromptResult>;
}

/** What changes together and is announced together. */
export type OfferedList = 'tools' | 'resources' | 'prompts';

/** The lists of a test server as they are now. */
export interface Offer {
  tools: Map<string, TestTool>;
  resources: Map<string, TestResource>;
  templates: Map<string, TestResource>;
  prompts: Map<string, TestPrompt>;
}

const definitionOf = (name: string, { run: _run, ...definition }: TestTool): JsonObject => ({
  inputSchema: { type: 'object' },
  ...definition,
  name,
});
const describeResource = ({ read: _read, text: _text, blob: _blob, ...described }: TestResource): JsonObject =>
  described;

/** The items of a list method under the name that they have in its result; undefined for any other method. */
export const listOf = (offer: Offer, method: string): { key: string; items: JsonObject[] } | undefined => {
  switch (method) {
    case 'tools/list':
      return { key: 'tools', items: [...offer.tools].map(([name, tool]) => definitionOf(name, tool)) };
    case 'resources/list':
      return {
        key: 'resources',
        items: [...offer.resources].map(([uri, resource]) => ({ name: uri, ...describeResource(resource), uri })),
      };
    case 'resources/templates/list':
      return {
        key: 'resourceTemplates',
        items: [...offer.templates].map(([uriTemplate, resource]) => ({
          name: uriTemplate,
          ...describeResource(resource),
          uriTemplate,
        })),
      };
    case 'prompts/list':
      return {
        key: 'prompts',
        items: [...offer.prompts].map(([name, { get: _get, ...described }]) => ({ ...described, name })),
      };
  }
  return undefined;
};

/** What a tool gave, as a result. */
export const toolResult = (value: unknown, era: EraName): JsonObject => {
  if (value === undefined || value === null) return { content: [] };
  if (typeof value === 'string') return { content: [{ type: 'text', text: value }] };
  if (isObjectWith(value, 'content')) return value;
  const content = [{ type: 'text', text: JSON.stringify(value) }];
  // Structured content is an object in the legacy era, and anything in the modern one.
  const fits = era === 'modern' || (typeof value === 'object' && !Array.isArray(value));
  return fits ? { content, structuredContent: value } : { content };
};

/** What reading a resource gave, as a result. */
export const resourceResult = (uri: string, { mimeType }: TestResource, value: unknown): ReadResourceResult => {
  if (isObjectWith(value, 'contents')) return value as unknown as ReadResourceResult;
  const contents = typeof value === 'string' ? { text: value } : (value as JsonObject);
  return { contents: [{ uri, ...(mimeType === undefined ? {} : { mimeType }), ...contents }] };
};

/** What a prompt gave, as a result. */
export const promptResult = ({ description }: TestPrompt, value: string | GetPromptResult): GetPromptResult => ({
  ...(description === undefined ? {} : { description }),
  ...(typeof value === 'string' ? { messages: [{ role: 'user', content: { type: 'text', text: value } }] } : value),
});

const isObjectWith = (value: unknown, key: 'content' | 'contents'): value is JsonObject =>
  typeof value === 'object' && value !== null && Array.isArray((value as JsonObject)[key]);
