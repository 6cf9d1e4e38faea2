/** The model of a choice; what it needs is loaded with it. */
import type { Toolkit } from '../../api.ts';
import type { ChatModel } from '../../llm/model.ts';
import type { ModelChoice } from './model-choice.ts';

/** Makes the model for a toolkit, of which only the planner wants to know. */
export const modelMaker = async (choice: ModelChoice): Promise<(toolkit: Toolkit) => ChatModel> => {
  if (choice.provider === 'planner') {
    const { createPlanner } = await import('../../llm/planner/planner.ts');
    return (toolkit) => createPlanner({ toolkit });
  }
  const { model, apiKey, baseUrl } = choice;
  const reached = { model, apiKey, ...(baseUrl !== undefined && { baseURL: baseUrl }) };
  if (choice.provider === 'anthropic') {
    const { anthropicModel } = await import('../../llm/models/anthropic.ts');
    const made = anthropicModel(reached);
    return () => made;
  }
  const { openaiModel } = await import('../../llm/models/openai.ts');
  const made = openaiModel({ ...reached, api: choice.api });
  return () => made;
};
