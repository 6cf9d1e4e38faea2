// Toolway without its road: a connection made by the engine, and calls handed to its session. No steps, no catalogue,
// and no check against the tool's schemas.
import { createMemoryEcho } from '../lib/memory-echo.js';
import { toolwayEntry } from '../lib/toolway-dist.js';

const [{ connect: connectTo }, { createServerRequests }, { createDeadlines }, { Call }] = await Promise.all(
  ['connection/connect.js', 'protocol/server-requests.js', 'clock.js', 'call.js'].map(
    (file) => import(toolwayEntry(file)),
  ),
);

const TIMEOUT_MS = 30_000;
const nothing = () => {};

/** @type {import('../lib/subject.js').Connect} */
export const connect = async (spec) => {
  const deadlines = createDeadlines();
  const session = await connectTo({
    server: 'bench',
    scope: '',
    openTransport: async () => createMemoryEcho(spec),
    mayFallBackToSse: false,
    requests: createServerRequests({
      handlers: {},
      server: 'bench',
      scope: '',
      clock: deadlines.clock,
      report: nothing,
    }),
    currentCall: nothing,
    clientInfo: { name: 'bench', version: '1' },
    deadlines,
    timeoutMs: TIMEOUT_MS,
    maxDepth: 64,
    maxInputRounds: 10,
    events: {
      onListChanged: nothing,
      onResourceUpdated: nothing,
      onTask: nothing,
      onGap: nothing,
      onReopened: nothing,
      onWarning: nothing,
      onClose: nothing,
    },
  });
  return {
    call: (name, args) =>
      session.perform(
        new Call({
          method: 'tools/call',
          params: { name, arguments: args },
          server: 'bench',
          meta: {},
          timeoutMs: TIMEOUT_MS,
          totalTimeoutMs: TIMEOUT_MS,
          startedAt: deadlines.clock.now(),
        }),
      ),
    close: () => session.close(),
  };
};
