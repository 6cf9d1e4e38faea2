/** What each request of a client comes to: lists, and the work of tools, resources, prompts and completions. */
import { ToolwayError } from '../../errors.ts';
import * as RPC from '../../protocol/rpc-codes.ts';
import type { CompletionReference, JsonObject } from '../../protocol/types.ts';
import { matchTemplate } from '../../protocol/uri-template.ts';
import { type EraName, isObject } from '../../protocol/wire.ts';
import { listOf, type Offer, promptResult, resourceResult, type TestContext, toolResult } from './offer.ts';

/** Gives the values that fit what a person has typed so far. */
export type Complete = (
  reference: CompletionReference,
  argument: { name: string; value: string },
  context: { arguments?: Record<string, string> },
) => string[] | Promise<string[]>;

export interface WorksOptions {
  offer: Offer;
  pageSize: number;
  complete?: Complete;
  /** Called with each tool call that is about to run. */
  oncall(tool: string, args: JsonObject, context: TestContext): void;
}

export type Work = (context: TestContext) => unknown;

/** The work that a request asks for; undefined for a method that no server of this kind has. */
export const createWorks = ({ offer, pageSize, complete, oncall }: WorksOptions) => {
  const page = (key: string, items: JsonObject[], cursor: unknown): JsonObject => {
    const start = cursor === undefined ? 0 : Number(cursor);
    if (!Number.isInteger(start) || start < 0 || (cursor !== undefined && start >= items.length))
      throw rpcError(RPC.invalidParams, `no such cursor: ${JSON.stringify(cursor)}`);
    const end = start + pageSize;
    return { [key]: items.slice(start, end), ...(end < items.length ? { nextCursor: String(end) } : {}) };
  };

  const runTool = async (params: JsonObject, context: TestContext): Promise<unknown> => {
    const name = String(params.name);
    const args = isObject(params.arguments) ? params.arguments : {};
    const tool = offer.tools.get(name);
    if (tool === undefined) throw rpcError(RPC.invalidParams, `unknown tool: ${name}`);
    oncall(name, args, context);
    try {
      return toolResult(await tool.run(args, context), context.era);
    } catch (error) {
      if (error instanceof ToolwayError && error.rpcCode !== undefined) throw error;
      const text = error instanceof Error ? error.message : String(error);
      return { content: [{ type: 'text', text }], isError: true };
    }
  };
  const readResource = async (params: JsonObject, context: TestContext): Promise<unknown> => {
    const uri = String(params.uri);
    const exact = offer.resources.get(uri);
    const [found, values] = exact === undefined ? fromTemplate(uri) : [exact, {}];
    if (found === undefined) throw rpcError(RPC.invalidParams, `unknown resource: ${uri}`, { uri });
    const { read, text, blob } = found;
    if (read !== undefined) return resourceResult(uri, found, await read(uri, context, values));
    return resourceResult(uri, found, blob === undefined ? { text: text ?? '' } : { blob });
  };
  const fromTemplate = (
    uri: string,
  ): [Offer['resources'] extends Map<string, infer R> ? R | undefined : never, Record<string, string>] => {
    for (const [template, resource] of offer.templates) {
      const values = matchTemplate(template, uri);
      if (values !== undefined) return [resource, values];
    }
    return [undefined, {}];
  };
  const getPrompt = async (params: JsonObject, context: TestContext): Promise<unknown> => {
    const prompt = offer.prompts.get(String(params.name));
    if (prompt === undefined) throw rpcError(RPC.invalidParams, `unknown prompt: ${params.name}`);
    const args = (params.arguments ?? {}) as Record<string, string>;
    return promptResult(prompt, await prompt.get(args, context));
  };
  const completeArgument = async (params: JsonObject): Promise<unknown> => {
    const { ref, argument, context } = params as unknown as {
      ref: CompletionReference;
      argument: { name: string; value: string };
      context?: { arguments?: Record<string, string> };
    };
    const values = (await complete?.(ref, argument, context ?? {})) ?? [];
    return { completion: { values: values.slice(0, 100), total: values.length, hasMore: values.length > 100 } };
  };

  return (method: string, params: JsonObject, _era: EraName): Work | undefined => {
    const list = listOf(offer, method);
    if (list !== undefined) return () => page(list.key, list.items, params.cursor);
    switch (method) {
      case 'tools/call':
        return (context) => runTool(params, context);
      case 'resources/read':
        return (context) => readResource(params, context);
      case 'prompts/get':
        return (context) => getPrompt(params, context);
      case 'completion/complete':
        return complete === undefined ? undefined : () => completeArgument(params);
    }
    return undefined;
  };
};

const rpcError = (rpcCode: number, message: string, data?: unknown): ToolwayError =>
  new ToolwayError('server_error', message, { rpcCode, data });
