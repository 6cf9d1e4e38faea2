/** How many tools are too many to be shown to a model. */
import type { ModelTool } from '../model.ts';
import { estimateTokens } from '../results/tokens.ts';

const DEFAULT_BUDGET_TOKENS = 10_000;
/** Models choose worse among more, whatever they cost. */
const MOST_TOOLS = 40;

/** What showing the tools costs in each request, estimated. */
const toolTokens = ({ name, description = '', inputSchema }: ModelTool): number =>
  estimateTokens(name) + estimateTokens(description) + estimateTokens(JSON.stringify(inputSchema));

/** Whether the tools are better searched than shown: above 40, or above so many tokens; by default 10 000. */
export const shouldSearch = (tools: readonly ModelTool[], budgetTokens: number = DEFAULT_BUDGET_TOKENS): boolean => {
  if (tools.length > MOST_TOOLS) return true;
  let left = budgetTokens;
  return tools.some((tool) => {
    left -= toolTokens(tool);
    return left < 0;
  });
};
