/** Tools for models: what a program that hands tools to a model needs. Web standards only. */

export { type CodeToolOptions, codeTool } from './code/code-tool.ts';
export { createSandbox, type SandboxOptions } from './code/inline-sandbox.ts';
export type * from './code/sandbox.ts';
export { convertTools } from './conversion/convert-tools.ts';
export { type LintedTool, lint } from './conversion/lint.ts';
export type * from './conversion/types.ts';
export type { LocalContext, LocalTool } from './local-tool.ts';
export { type PartsOptions, userMessage } from './loop/attachments.ts';
export type { Conversation, StoredConversation } from './loop/conversation.ts';
export { createConversation } from './loop/conversation.ts';
export type { CallEvent, LoopEvent, ResultEvent } from './loop/events.ts';
export { runToolLoop, streamToolLoop } from './loop/loop.ts';
export type * from './loop/options.ts';
export { promptMessages } from './loop/prompts.ts';
export { type SamplingOptions, samplingHandler } from './loop/sampling.ts';
export type * from './message.ts';
export type * from './model.ts';
export type { ModelFacts, ModelFailure } from './model-error.ts';
export { ModelError } from './model-error.ts';
export { type AiSdkModelOptions, aiSdkModel } from './models/ai-sdk.ts';
export { type AnthropicModelOptions, anthropicModel } from './models/anthropic.ts';
export { type OpenAIModelOptions, openaiModel } from './models/openai.ts';
export { priceOf } from './models/prices.ts';
export {
  type AiSdkModelOutput,
  type AiSdkOutput,
  type AiSdkSchema,
  type AiSdkTool,
  type AiSdkTools,
  aiSdkTools,
} from './native/ai-sdk.ts';
export type * from './native/anthropic.ts';
export { anthropicTools } from './native/anthropic.ts';
export type * from './native/gemini.ts';
export { geminiTools } from './native/gemini.ts';
export { langchainTools } from './native/langchain.ts';
export { mastraTools } from './native/mastra.ts';
export type * from './native/mistral.ts';
export { mistralTools } from './native/mistral.ts';
export type * from './native/openai.ts';
export { openaiTools } from './native/openai.ts';
export { openaiAgentsTools } from './native/openai-agents.ts';
export type * from './native/openai-chat.ts';
export { openaiChatTools } from './native/openai-chat.ts';
export type * from './native/options.ts';
export { createPlanner, type PlannerOptions } from './planner/planner.ts';
export type * from './profiles/profile.ts';
export { profileOf, toolProfiles } from './profiles/profile-of.ts';
export { failureParts } from './results/failure.ts';
export { type ResultFacts, type ResultOptions, toParts } from './results/parts.ts';
export { createReadResult } from './results/read-result.ts';
export { createMemorySpill, type Spill, type Spilled } from './results/spill.ts';
export { estimateTokens } from './results/tokens.ts';
export { type SearchToolsOptions, searchTools } from './search/search-tools.ts';
export { shouldSearch } from './search/should-search.ts';
