/** The model of a choice; what it needs is loaded with it. */
import type { Toolkit } from '../../api.ts';
import type { ChatModel } from '../../llm/model.ts';
import type { ModelChoice } from './model-choice.ts';

export const openModel = async (choice: ModelChoice, toolkit: Toolkit): Promise<ChatModel> => {
  if (choice.provider === 'planner') {
    const { createPlanner } = await import('../../llm/planner/planner.ts');
    return createPlanner({ toolkit });
  }
  const { model, apiKey, baseUrl } = choice;
  const reached = { model, apiKey, ...(baseUrl !== undefined && { baseURL: baseUrl }) };
  if (choice.provider === 'anthropic') {
    const { anthropicModel } = await import('../../llm/models/anthropic.ts');
    return anthropicModel(reached);
  }
  const { openaiModel } = await import('../../llm/models/openai.ts');
  return openaiModel({ ...reached, api: choice.api });
};
