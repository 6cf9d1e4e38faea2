/** What servers ask of the chat's model: the person agrees to it, and it is on the account of the conversation. */
import { ToolwayError } from '../../errors.ts';
import type { Handlers } from '../../handlers.ts';
import type { Conversation } from '../../llm/loop/conversation.ts';
import { samplingHandler } from '../../llm/loop/sampling.ts';
import type { ChatModel } from '../../llm/model.ts';
import type { Job } from '../command.ts';
import { createRefusals } from '../person.ts';
import type { ModelChoice } from './model-choice.ts';

type OnSample = NonNullable<Handlers['onSample']>;

export interface ChatSampling {
  /** Writes the messages; none before there is one. */
  model: ChatModel | undefined;
  /** The turn that runs: how the person ends it, and what resolves once all that was said so far is shown. */
  turn: { interrupt(): void; shown(): Promise<void> } | undefined;
  /** With the planner, and where nobody can agree, servers are not told that a model answers. */
  handlers(choice: ModelChoice): Pick<Handlers, 'onSample' | 'onRefused'>;
}

/** Longest answer, in tokens, whatever the server asks for. */
const LONGEST = 4_096;

/** `conversation` gives the one that goes on now. */
export const createChatSampling = (
  { screen, output, options }: Pick<Job, 'screen' | 'output' | 'options'>,
  conversation: () => Conversation,
): ChatSampling => {
  const yes = options.flag('yes');
  const canAgree = screen.interactive || yes;
  let current: { model: ChatModel; conversation: Conversation; agreed: Set<string>; answer: OnSample } | undefined;

  const because = (): string => {
    if (!canAgree) return 'there is no terminal to ask at; --yes agrees';
    return sampling.model?.api === 'planner' ? 'the planner writes none' : 'there was no model when it was connected';
  };
  const onRefused = createRefusals({ screen, output }, because);

  /** Limits and what was agreed to hold for a conversation. */
  const answerOf = (model: ChatModel): OnSample => {
    const now = conversation();
    if (current?.model === model && current.conversation === now) return current.answer;
    // One of which a question was taken back is another object, and the same conversation.
    const agreed = current?.conversation.id === now.id ? current.agreed : new Set<string>();
    const answer = samplingHandler({
      model,
      conversation: now,
      maxOutputTokens: LONGEST,
      async approve(request, context) {
        if (agreed.has(context.server)) return true;
        const { agreeToSample } = await import('../sample.ts');
        const longest = Math.min(request.maxTokens, LONGEST);
        const { turn } = sampling;
        const interrupt = (): void => turn?.interrupt();
        await turn?.shown();
        return agreeToSample(request, context, { screen, output, yes, model: model.id, longest, agreed, interrupt });
      },
    });
    current = { model, conversation: now, agreed, answer };
    return answer;
  };
  const tell = async (server: string, error: unknown): Promise<void> => {
    const { safeLine } = await import('../safe-text.ts');
    const reason = error instanceof Error ? error.message : String(error);
    await screen.note(output.remarks.yellow(safeLine(`toolway: ${server} gets no message of the model: ${reason}`)));
  };

  const sampling: ChatSampling = {
    model: undefined,
    turn: undefined,
    handlers: ({ provider }) => ({
      onRefused,
      ...(canAgree &&
        provider !== 'planner' && {
          async onSample(request, context) {
            const { model } = sampling;
            if (model === undefined || model.api === 'planner') {
              onRefused('sampling/createMessage', context);
              throw new ToolwayError('denied', because(), { executed: 'no' });
            }
            try {
              return await answerOf(model)(request, context);
            } catch (error) {
              const isRefusal = error instanceof ToolwayError && error.code === 'denied' && error.limit === undefined;
              if (!isRefusal && !context.signal.aborted) await tell(context.server, error);
              throw error;
            }
          },
        }),
    }),
  };
  return sampling;
};
