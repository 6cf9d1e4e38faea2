/** Tools for Mastra (`@mastra/core`, 0.24 and since 1.20). https://mastra.ai/reference/tools/create-tool */
// biome-ignore lint/suspicious/noTsIgnore: where the optional peer is installed there is nothing to expect
/** @ts-ignore: an optional peer */
import type { Tool } from '@mastra/core/tools';
import type { Toolkit } from '../../api.ts';
import { ToolwayError } from '../../errors.ts';
import type { CallToolResult, JsonObject } from '../../protocol/types.ts';
import { failureParts } from '../results/failure.ts';
import { USUAL_MEDIA } from '../results/media.ts';
import { modelOutput, schemaOf } from './ai-sdk.ts';
import { missingFramework, toldFailure } from './frameworks.ts';
import { type Offered, offer } from './offered.ts';
import type { NativeOptions } from './options.ts';
import { textOf } from './wire-parts.ts';

/** What Mastra tells a tool beside its input: in 0.24 the second argument has it from the AI SDK. */
interface Told {
  abortSignal?: AbortSignal;
}

const load = async () => {
  try {
    // @ts-expect-error: an optional peer
    return await import('@mastra/core/tools');
  } catch (cause) {
    throw missingFramework('@mastra/core', cause);
  }
};

const loadZod = async () => {
  try {
    return await import('zod');
  } catch (cause) {
    throw missingFramework('zod', cause);
  }
};

/**
 * The tools of all servers as an `Agent` takes them. Calls end with the run's abort signal; a call that failed is told
 * to the model. With 1 the output of a tool is the server's whole result, and the model reads what `toModelOutput` makes
 * of it, images too; with 0.24 the output is the text that the model reads. Rejects with `unsupported` where
 * `@mastra/core` is not installed, and where 0.24 has no `zod` 4 beside it.
 */
export const mastraTools = async (toolkit: Toolkit, options: NativeOptions = {}): Promise<Record<string, Tool>> => {
  const { createTool } = await load();
  // Which of the two it is, its tools tell: only those of 1 have a `toModelOutput`.
  const isOld = !('toModelOutput' in createTool({ id: 'probe', description: '' }));
  const wanted = isOld ? { ...options, media: [] } : options;
  const [offered, toSchema] = await Promise.all([
    offer(toolkit, wanted, { profile: 'common', media: USUAL_MEDIA }),
    isOld ? zodSchemas() : schemaOf,
  ]);
  const formOf = isOld ? oldForm : newForm;
  return Object.fromEntries(
    offered.tools.map(({ name, description = '', inputSchema, strict = false }) => [
      name,
      // Mastra rewrites schemas for the model by itself unless a tool is said not to be strict; these are rewritten.
      createTool({ id: name, description, inputSchema: toSchema(inputSchema), strict, ...formOf(offered, name) }),
    ]),
  );
};

const newForm = (offered: Offered, name: string) => ({
  async execute(input: unknown, { abortSignal }: Told = {}): Promise<CallToolResult> {
    const { error, result } = await offered.run(name, input, { signal: abortSignal });
    if (error !== undefined) throw toldFailure(error, failureParts(error));
    return result;
  },
  toModelOutput: (output: CallToolResult) => modelOutput(offered, name, output),
});

const oldForm = (offered: Offered, name: string) => ({
  async execute(told: { context?: unknown }, { abortSignal }: Told = {}): Promise<string> {
    // The first versions of 1 have no `toModelOutput` either, and give the input itself.
    if (!('context' in told)) throw new ToolwayError('unsupported', 'these tools need Mastra 1.20 or 0.24');
    // What is thrown, the model would read with all its facts, and its stack is printed.
    const { parts } = await offered.call(name, told.context, { signal: abortSignal });
    return textOf(parts);
  },
});

/**
 * Mastra 0.24 reads Zod schemas only, and what is turned into one and back has lost much on the way: these take anything
 * and say of themselves, by Zod 4's own means, the JSON Schema that the tool has.
 */
const zodSchemas = async () => {
  const { z } = await loadZod();
  if (!('toJSONSchema' in z)) throw new ToolwayError('unsupported', 'with Mastra 0.24 these tools need zod 4');
  return (jsonSchema: JsonObject): unknown => {
    const schema = z.any();
    schema._zod.toJSONSchema = () => structuredClone(jsonSchema);
    return schema;
  };
};
