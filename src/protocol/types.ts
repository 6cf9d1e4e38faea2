/**
 * The vocabulary of MCP as it travels on the wire, for every revision from 2024-11-05 to 2026-07-28.
 * Unknown keys are kept wherever the specification lets a server add them, so most shapes are open.
 * Source: https://modelcontextprotocol.io/specification/2026-07-28 and the older trees beside it.
 */

/** Any JSON object whose keys a peer chose. */
export type JsonObject = { [key: string]: unknown };

/** Metadata that either side may attach; keys are namespaced by the specification's `_meta` rules. */
export type Meta = JsonObject;

/**
 * An image for people. `src` is a URL or a `data:` URI that a server chose: to be shown with care, never fetched
 * unasked.
 */
export interface Icon {
  src: string;
  mimeType?: string;
  sizes?: string[] | string;
  theme?: 'light' | 'dark';
}

/** Who a peer says it is: for display only, never a basis for a decision. */
export interface Implementation {
  name: string;
  version: string;
  title?: string;
  description?: string;
  websiteUrl?: string;
  icons?: Icon[];
  [key: string]: unknown;
}

/** What a server says that it can do; a method outside of it is not called. */
export type ServerCapabilities = JsonObject & {
  tools?: { listChanged?: boolean };
  resources?: { listChanged?: boolean; subscribe?: boolean };
  prompts?: { listChanged?: boolean };
  logging?: JsonObject;
  completions?: JsonObject;
  tasks?: JsonObject;
  extensions?: JsonObject;
};
/** What we tell servers that we can do: exactly that for which there is a handler. */
export type ClientCapabilities = JsonObject & {
  roots?: { listChanged?: boolean };
  sampling?: { tools?: JsonObject; context?: JsonObject };
  elicitation?: { form?: JsonObject; url?: JsonObject };
  tasks?: JsonObject;
  extensions?: JsonObject;
};

/** For whom a piece of content is, and how much it matters, in the words of its server. */
export interface Annotations {
  audience?: ('user' | 'assistant')[];
  priority?: number;
  lastModified?: string;
  [key: string]: unknown;
}
/** Hints of a server about its own tool. Not believed unless the configuration says `trustHints`. */
export interface ToolAnnotations {
  title?: string;
  readOnlyHint?: boolean;
  destructiveHint?: boolean;
  idempotentHint?: boolean;
  openWorldHint?: boolean;
  [key: string]: unknown;
}

/** A tool as its server defined it. */
export interface Tool {
  name: string;
  title?: string;
  description?: string;
  inputSchema: JsonObject;
  outputSchema?: JsonObject;
  annotations?: ToolAnnotations;
  execution?: { taskSupport?: 'forbidden' | 'optional' | 'required' };
  icons?: Icon[];
  _meta?: Meta;
  [key: string]: unknown;
}
/** Something that can be read, under the URI that its server gave it. */
export interface Resource {
  uri: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
  size?: number;
  annotations?: Annotations;
  icons?: Icon[];
  _meta?: Meta;
  [key: string]: unknown;
}
/** A family of resources under one RFC 6570 URI template. */
export interface ResourceTemplate {
  uriTemplate: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
  annotations?: Annotations;
  icons?: Icon[];
  _meta?: Meta;
  [key: string]: unknown;
}
/** One value that a prompt takes; always text. */
export interface PromptArgument {
  name: string;
  title?: string;
  description?: string;
  required?: boolean;
}
/** A template for messages, as its server defined it. */
export interface Prompt {
  name: string;
  title?: string;
  description?: string;
  arguments?: PromptArgument[];
  icons?: Icon[];
  _meta?: Meta;
  [key: string]: unknown;
}

interface Block {
  annotations?: Annotations;
  _meta?: Meta;
  [key: string]: unknown;
}
/** Text, for a person or a model. */
export interface TextContent extends Block {
  type: 'text';
  text: string;
}
/** `data` is base64. */
export interface ImageContent extends Block {
  type: 'image';
  data: string;
  mimeType: string;
}
/** `data` is base64. */
export interface AudioContent extends Block {
  type: 'audio';
  data: string;
  mimeType: string;
}
/** A link that the client may read; it need not appear in `resources/list`. */
export interface ResourceLink extends Block {
  type: 'resource_link';
  uri: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
}
/** Contents of one resource: `text`, or `blob` in base64. */
export interface ResourceContents {
  uri: string;
  mimeType?: string;
  text?: string;
  blob?: string;
  _meta?: Meta;
  [key: string]: unknown;
}
/** The contents of a resource inside of another answer. */
export interface EmbeddedResource extends Block {
  type: 'resource';
  resource: ResourceContents;
}
/** One piece of what a tool or a prompt gives. */
export type ContentBlock = TextContent | ImageContent | AudioContent | ResourceLink | EmbeddedResource;

/** What a tool answered. `isError: true` is the tool's own failure: a value, never an exception. */
export interface CallToolResult {
  content: ContentBlock[];
  structuredContent?: unknown;
  isError?: boolean;
  _meta?: Meta;
  [key: string]: unknown;
}
/** What reading a resource gave: often one piece, several where the URI stands for several. */
export interface ReadResourceResult {
  contents: ResourceContents[];
  _meta?: Meta;
  [key: string]: unknown;
}
/** One message of a prompt that was filled in. */
export interface PromptMessage {
  role: 'user' | 'assistant';
  content: ContentBlock;
}
/** A prompt that was filled in, ready to be handed to a model. */
export interface GetPromptResult {
  description?: string;
  messages: PromptMessage[];
  _meta?: Meta;
  [key: string]: unknown;
}
/** What a completion refers to: an argument of a prompt, or a variable of a resource template. */
export type CompletionReference = { type: 'ref/prompt'; name: string } | { type: 'ref/resource'; uri: string };
/** At most 100 values; `hasMore` says that there are others. */
export interface Completion {
  values: string[];
  total?: number;
  hasMore?: boolean;
}

/** One progress notification. `progress` grows with each; `total` has the same unit where the server knows it. */
export interface Progress {
  progress: number;
  total?: number;
  message?: string;
}

/** RFC 5424 severities. */
export type LogLevel = 'debug' | 'info' | 'notice' | 'warning' | 'error' | 'critical' | 'alert' | 'emergency';
/** One log message of a server; `data` is any JSON value. */
export interface LogMessage {
  level: LogLevel;
  logger?: string;
  data: unknown;
}

/** A directory or file that the client lets servers know about; `uri` starts with `file://`. */
export interface Root {
  uri: string;
  name?: string;
  _meta?: Meta;
}

/** `elicitation/create` in form mode: ask the user for flat, primitive values. */
export interface ElicitFormRequest {
  mode?: 'form';
  message: string;
  requestedSchema: JsonObject;
  [key: string]: unknown;
}
/** `elicitation/create` in url mode: show the user a URL to visit; the client never opens it by itself. */
export interface ElicitUrlRequest {
  mode: 'url';
  message: string;
  url: string;
  elicitationId?: string;
  [key: string]: unknown;
}
/** What a server asks of a person. */
export type ElicitRequest = ElicitFormRequest | ElicitUrlRequest;
/** The answer of that person. `content` goes with `accept` in form mode only. */
export interface ElicitResult {
  action: 'accept' | 'decline' | 'cancel';
  content?: { [key: string]: string | number | boolean | string[] };
}

/** `sampling/createMessage`: the server asks the client's model for a message. */
export interface SampleRequest {
  messages: { role: 'user' | 'assistant'; content: unknown }[];
  maxTokens: number;
  systemPrompt?: string;
  tools?: Tool[];
  toolChoice?: JsonObject;
  [key: string]: unknown;
}
/** The message that the model gave, and which model it was. */
export interface SampleResult {
  role: 'assistant';
  model: string;
  content: unknown;
  stopReason?: string;
  [key: string]: unknown;
}

/** A task of either kind: the experimental core of 2025-11-25 or the extension of 2026-07-28. */
export interface Task {
  taskId: string;
  status: 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';
  statusMessage?: string;
  pollIntervalMs?: number;
  [key: string]: unknown;
}
