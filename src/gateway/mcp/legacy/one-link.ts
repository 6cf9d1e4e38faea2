/** Answers requests where everything that is said to a client goes over one link: a socket, or the stream of 2024-11-05. */
import type { Clock } from '../../../clock.ts';
import type { ClientRequest } from './exchange.ts';
import type { Channel } from './in-flight.ts';
import type { LegacySession } from './session.ts';

/** A result keeps this distance from what was said before it. A client that is another process hears of both at once where it is 1 ms. */
const APART_MS = 5;

/** Answers over the session's outlet; never rejects. */
export const answerOn = async (session: LegacySession, request: ClientRequest, clock: Clock): Promise<void> => {
  let spokeAt = Number.NEGATIVE_INFINITY;
  const channel: Channel = {
    send(message) {
      spokeAt = clock.now();
      session.outlet(message);
    },
  };
  const answer = await session.answer(request, channel);
  if (answer === undefined) return;
  // The official client takes in everything that arrives at once before it hands any of it on, and drops progress of what it has the result of.
  if (clock.now() - spokeAt >= APART_MS) session.outlet(answer);
  else clock.after(APART_MS, () => session.outlet(answer));
};
