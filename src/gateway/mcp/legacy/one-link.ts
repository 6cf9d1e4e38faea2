/** Answers requests where everything that is said to a client goes over one link: a socket, or the stream of 2024-11-05. */
import type { Clock } from '../../../clock.ts';
import type { ClientRequest } from './exchange.ts';
import type { Channel } from './in-flight.ts';
import type { LegacySession } from './session.ts';

/** Answers over the session's outlet; never rejects. */
export const answerOn = async (session: LegacySession, request: ClientRequest, clock: Clock): Promise<void> => {
  let spoke = false;
  const channel: Channel = {
    send(message) {
      spoke = true;
      session.outlet(message);
    },
  };
  const answer = await session.answer(request, channel);
  if (answer === undefined) return;
  // The official client takes in everything that arrives at once before it hands any of it on, and drops progress of what it has the result of.
  if (spoke) clock.after(1, () => clock.after(1, () => session.outlet(answer)));
  else session.outlet(answer);
};
