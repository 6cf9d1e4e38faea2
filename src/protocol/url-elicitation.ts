/** The legacy error −32042: the server wants the user to visit URLs before it can answer (2025-11-25 client/elicitation). */
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ToolwayError } from '../errors.ts';
import { urlElicitations } from './elicitation.ts';
import { answerAll } from './input-rounds.ts';
import type { ServerRequests } from './server-requests.ts';
import type { ElicitUrlRequest } from './types.ts';

/** How long a server is given, after the consent, to say that what it wanted has been done; not all say it. */
const COMPLETE_MS = 2_000;

export interface VisitOptions {
  requests: ServerRequests;
  clock: Clock;
}

/**
 * Puts each URL to the user. Resolves when all were accepted and the server has said that they are done, or has had its
 * time to, so that the call can be sent again; else rejects.
 */
export const visitUrls = async ({ requests, clock }: VisitOptions, call: Call, error: ToolwayError): Promise<void> => {
  const urls = urlElicitations(error.data);
  if (urls.length === 0) throw error;
  const { allDone, stop } = hearCompletions(requests, urls);
  try {
    const questions = new Map(urls.map((params, index) => [String(index), { method: 'elicitation/create', params }]));
    const answers = await answerAll(requests, call, questions).catch(() => {
      throw error;
    });
    const refused = Object.values(answers).some((answer) => (answer as { action?: unknown }).action !== 'accept');
    if (refused)
      throw new ToolwayError('denied', 'the user did not visit the URL that the server asked for', {
        executed: error.executed ?? 'unknown',
        cause: error,
      });
    await within(clock, call, allDone);
  } finally {
    stop();
  }
};

/** Listens from before the user is asked: some are done with the page before they say that they will visit it. */
const hearCompletions = ({ completions }: ServerRequests, urls: readonly ElicitUrlRequest[]) => {
  const open = new Set<unknown>(urls.flatMap(({ elicitationId }) => elicitationId ?? []));
  let hear: (elicitationId: unknown) => void = () => {};
  const allDone = new Promise<void>((resolve) => {
    if (open.size === 0) resolve();
    hear = (elicitationId) => {
      open.delete(elicitationId);
      if (open.size === 0) resolve();
    };
  });
  completions.add(hear);
  return { allDone, stop: () => void completions.delete(hear) };
};

/** Waits for `done`, but not long, and no longer than the call lasts. */
const within = (clock: Clock, call: Call, done: Promise<void>): Promise<void> =>
  new Promise((resolve, reject) => {
    const end = (): void => {
      timer.cancel();
      call.hold(undefined);
      resolve();
    };
    const timer = clock.after(COMPLETE_MS, end);
    call.hold((error) => {
      timer.cancel();
      reject(error);
    });
    void done.then(end);
  });
