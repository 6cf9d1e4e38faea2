/** What is made for each library is of its own types: compiled, never run. */
import type { Content, FunctionCall, Tool as GeminiTool, Part } from '@google/genai';
import type { StructuredToolInterface } from '@langchain/core/tools';
import type { Tool as MistralTool, ToolCall, ToolMessage } from '@mistralai/mistralai/models/components';
import { Agent } from '@openai/agents';
import type { ToolSet } from 'ai';
import type { ToolSet as ToolSet7 } from 'ai-7';
import { aiSdkTools, geminiTools, langchainTools, mistralTools, openaiAgentsTools } from 'toolway/llm';
import type { Toolkit } from 'toolway/node';

export const made = async (toolkit: Toolkit, calls: { gemini: FunctionCall[]; mistral: ToolCall[] }) => {
  const gemini = await geminiTools(toolkit);
  const mistral = await mistralTools(toolkit);
  const answered: Content = await gemini.callAll(calls.gemini);
  const parts: Part[] = await gemini.call(calls.gemini[0] ?? {});
  const messages: ({ role: 'tool' } & ToolMessage)[] = await mistral.callAll(calls.mistral);
  const tools: {
    ai: ToolSet;
    ai7: ToolSet7;
    langchain: StructuredToolInterface[];
    gemini: GeminiTool[];
    mistral: MistralTool[];
  } = {
    ai: await aiSdkTools(toolkit),
    ai7: await aiSdkTools(toolkit),
    langchain: await langchainTools(toolkit),
    gemini: gemini.tools,
    mistral: mistral.tools,
  };
  const agent = new Agent({ name: 'typed', tools: await openaiAgentsTools(toolkit) });
  return { agent, answered, messages, parts, tools };
};
