/** The model that `toolway serve` has answer its callers, where one is named. */
import type { ChatSettings } from '../../config/chat.ts';
import type { Chat } from '../../gateway/chat/port.ts';
import type { Job } from '../command.ts';

/** Without a name there is none: a key alone does not mean that callers may spend it. Throws as `chooseModel` does. */
export const gatewayChat = async (
  { options, context: { env } }: Pick<Job, 'options' | 'context'>,
  settings: ChatSettings = {},
): Promise<{ chat?: Chat }> => {
  const model = options.value('model');
  if ([model, env.TOOLWAY_MODEL, settings.model].every((name) => name === undefined || name === '')) return {};
  const [{ chooseModel }, { modelMaker }, { createGatewayChat }] = await Promise.all([
    import('./model-choice.ts'),
    import('./model.ts'),
    import('../../node/chat.ts'),
  ]);
  const choice = chooseModel({ model, baseUrl: options.value('base-url'), settings, env });
  const { system, maxSteps, maxToolCalls, maxTokens, maxCost, maxOutputTokens, timeoutMs } = settings;
  const limits = { system, maxSteps, maxToolCalls, maxTokens, maxCostUsd: maxCost, maxOutputTokens, timeoutMs };
  const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  return { chat: createGatewayChat({ ...given, model: await modelMaker(choice) }) };
};
