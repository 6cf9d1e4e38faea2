// The echo server in the client's own process: no pipe, no socket, no second program, so that what is left is the client.
import { createEcho } from '../servers/echo-tools.js';

/** A link whose requests of one tick are answered together, as those of one chunk are on a pipe. */
export const createMemoryEcho = ({ era, tools }) => {
  const echo = createEcho({ modern: era === 'modern', tools });
  let waiting = [];
  const answerAll = () => {
    const messages = waiting;
    waiting = [];
    for (const message of messages) {
      const answer = echo.answer(message);
      if (answer !== undefined) transport.onmessage(JSON.parse(answer));
    }
  };
  const transport = {
    kind: 'memory',
    start: async () => {},
    async send(message) {
      if (waiting.length === 0) setImmediate(answerAll);
      waiting.push(message);
    },
    close: async () => transport.onclose?.(),
  };
  return transport;
};
