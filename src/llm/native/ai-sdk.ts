/** Tools for the AI SDK (`ai`, 6 and 7), and for frameworks that take its tools. https://ai-sdk.dev/docs/ai-sdk-core/tools-and-tool-calling */
import type { Toolkit } from '../../api.ts';
import type { CallToolResult, JsonObject, Progress } from '../../protocol/types.ts';
import { failureParts } from '../results/failure.ts';
import { USUAL_MEDIA } from '../results/media.ts';
import { toldFailure } from './frameworks.ts';
import { type Offered, offer } from './offered.ts';
import type { NativeOptions } from './options.ts';
import { isImage, mediaIn, textOf } from './wire-parts.ts';

/** `ToolSet` of `ai`. */
export type AiSdkTools = Record<string, AiSdkTool>;

/** `Tool` of `ai`. */
export interface AiSdkTool {
  type: 'dynamic';
  description?: string;
  inputSchema: AiSdkSchema;
  strict?: boolean;
  /** Gives each progress notification as a preliminary output, and the tool's whole result as the last one. */
  execute(input: unknown, options: { abortSignal?: AbortSignal }): AsyncIterable<AiSdkOutput>;
  /** What the model reads of the result. */
  toModelOutput(told: { output: unknown }): Promise<AiSdkModelOutput>;
}
/** The whole result of a tool, or before it, how far it has come. */
export type AiSdkOutput = CallToolResult | { progress: Progress };

/** A schema of `ai`, which is a Standard Schema as well. The server's own schema is checked with each call. */
export interface AiSdkSchema {
  readonly jsonSchema: JsonObject;
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: 'toolway';
    validate(value: unknown): { value: unknown };
    readonly jsonSchema: { input(): JsonObject; output(): JsonObject };
  };
}

/** `ToolResultOutput` of `ai`: what goes to the model. */
export type AiSdkModelOutput =
  | { type: 'text' | 'error-text'; value: string }
  | {
      type: 'content';
      value: (
        | { type: 'text'; text: string }
        | { type: 'image-data'; data: string; mediaType: string }
        | { type: 'file-data'; data: string; mediaType: string; filename?: string }
      )[];
    };

/** How `ai` knows its own schemas; `validate` has to be there. */
const SCHEMA = Symbol.for('vercel.ai.schema');

/**
 * The tools of all servers as `generateText`, `streamText` and agents of the AI SDK take them. Calls end with its abort
 * signal. A call that failed is thrown in the words that the model reads; its `cause` is the failure itself.
 */
export const aiSdkTools = async (toolkit: Toolkit, options: NativeOptions = {}): Promise<AiSdkTools> => {
  const offered = await offer(toolkit, options, { profile: 'common', media: USUAL_MEDIA });
  return Object.fromEntries(
    offered.tools.map(({ name, description, inputSchema, strict }) => [
      name,
      {
        type: 'dynamic' as const,
        ...(description !== undefined && { description }),
        inputSchema: schemaOf(inputSchema),
        ...(strict === true && { strict }),
        execute: (input, { abortSignal }) => outputs(offered, name, input, abortSignal, options),
        toModelOutput: async ({ output }) => modelOutput(offered, name, output as CallToolResult),
      } satisfies AiSdkTool,
    ]),
  );
};

/** The schema that a tool has, as `ai` and others that read Standard Schemas take it. */
export const schemaOf = (jsonSchema: JsonObject): AiSdkSchema => {
  const asIs = (): JsonObject => jsonSchema;
  const standard = {
    version: 1 as const,
    vendor: 'toolway' as const,
    validate: (value: unknown) => ({ value }),
    jsonSchema: { input: asIs, output: asIs },
  };
  return { [SCHEMA]: true, jsonSchema, validate: undefined, '~standard': standard } as AiSdkSchema;
};

/** Progress as it comes, then the result. */
async function* outputs(
  offered: Offered,
  name: string,
  input: unknown,
  signal: AbortSignal | undefined,
  { callOptions }: NativeOptions,
): AsyncGenerator<AiSdkOutput> {
  const seen: Progress[] = [];
  let wake = (): void => {};
  const onProgress = (progress: Progress): void => {
    callOptions?.onProgress?.(progress);
    seen.push(progress);
    wake();
  };
  let isOver = false;
  const call = offered.run(name, input, { signal, onProgress }).finally(() => {
    isOver = true;
    wake();
  });
  for (;;) {
    for (const progress of seen.splice(0)) yield { progress };
    // More may have come while the reader had its turn.
    if (seen.length > 0) continue;
    if (isOver) break;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  const { result, error } = await call;
  if (error !== undefined) throw toldFailure(error, failureParts(error));
  yield result;
}

/** What the model reads of a tool's result. */
export const modelOutput = async (
  offered: Offered,
  name: string,
  result: CallToolResult,
): Promise<AiSdkModelOutput> => {
  const parts = await offered.read(name, result);
  if (mediaIn(parts).length === 0) return { type: result.isError ? 'error-text' : 'text', value: textOf(parts) };
  return {
    type: 'content',
    value: parts.map((part) => {
      if (part.type === 'text') return { type: 'text', text: part.text };
      const { data, mediaType, name: filename } = part;
      if (isImage(part)) return { type: 'image-data', data, mediaType };
      return { type: 'file-data', data, mediaType, ...(filename !== undefined && { filename }) };
    }),
  };
};
