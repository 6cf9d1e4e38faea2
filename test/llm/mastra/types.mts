/** What is made is of Mastra's own types: compiled, never run. */
import { Agent } from '@mastra/core/agent';
import { mastraTools } from 'toolway/llm';
import type { Toolkit } from 'toolway/node';

export const agentOf = async (toolkit: Toolkit) =>
  new Agent({
    id: 'typed',
    name: 'typed',
    instructions: '',
    model: 'openai/gpt-5',
    tools: await mastraTools(toolkit),
  });
