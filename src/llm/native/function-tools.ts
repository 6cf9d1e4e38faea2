/** Tools as Chat Completions has them, and whoever took that form over. */
import type { JsonObject } from '../../protocol/types.ts';
import type { ModelTool } from '../model.ts';

/** A tool in that form. */
export interface FunctionTool {
  type: 'function';
  function: { name: string; description?: string; parameters: JsonObject; strict?: boolean };
}

export const functionTools = (tools: readonly ModelTool[]): FunctionTool[] =>
  tools.map(({ name, description, inputSchema, strict }) => ({
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      parameters: inputSchema,
      ...(strict === true && { strict }),
    },
  }));
