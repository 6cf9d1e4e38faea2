/** Asks the person behind the caller's own MCP client, by a form (2025-06-18 client/elicitation). */
import type { HandlerContext, RequestHandlers } from '../../handlers.ts';
import type { ElicitRequest } from '../../protocol/types.ts';
import type { Decision, StoredApproval } from './approval.ts';
import { questionOf } from './shown.ts';

const DESCRIPTIONS: Readonly<Record<Decision, string>> = {
  once: 'once: this call',
  always: 'always: this call, and later ones with the same arguments',
  deny: 'deny: no',
};

/** What was answered; undefined where the form was put away, or could not be shown. */
export const askByForm = async (
  onElicit: NonNullable<RequestHandlers['onElicit']>,
  approval: StoredApproval,
  context: HandlerContext,
): Promise<Decision | undefined> => {
  const choices: Decision[] = approval.keys === undefined ? ['once', 'deny'] : ['once', 'always', 'deny'];
  const request = {
    message: questionOf(approval),
    requestedSchema: {
      type: 'object',
      properties: {
        decision: {
          type: 'string',
          title: 'Decision',
          description: choices.map((choice) => DESCRIPTIONS[choice]).join('; '),
          enum: choices,
        },
      },
      required: ['decision'],
    },
  } as ElicitRequest;
  try {
    const { action, content } = await onElicit(request, context);
    if (action === 'decline') return 'deny';
    const chosen = action === 'accept' ? content?.decision : undefined;
    return choices.find((choice) => choice === chosen);
  } catch {
    // A client that cannot show it leaves the decision to others.
    return undefined;
  }
};
