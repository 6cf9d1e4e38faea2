/** The legacy error −32042: the server wants the user to visit URLs before it can answer (2025-11-25 client/elicitation). */
import type { Call } from '../call.ts';
import { ToolwayError } from '../errors.ts';
import { urlElicitations } from './elicitation.ts';
import { answerAll } from './input-rounds.ts';
import type { ServerRequests } from './server-requests.ts';

/** Puts each URL to the user. Resolves when all were accepted, so that the call can be sent again; else rejects. */
export const visitUrls = async (requests: ServerRequests, call: Call, error: ToolwayError): Promise<void> => {
  const urls = urlElicitations(error.data);
  if (urls.length === 0) throw error;
  const questions = new Map(urls.map((params, index) => [String(index), { method: 'elicitation/create', params }]));
  const answers = await answerAll(requests, call, questions).catch(() => {
    throw error;
  });
  const refused = Object.values(answers).some((answer) => (answer as { action?: unknown }).action !== 'accept');
  if (refused)
    throw new ToolwayError('denied', 'the user did not visit the URL that the server asked for', {
      executed: 'no',
      cause: error,
    });
};
