/** What every web platform brings: `fetch`, `WebSocket`, and schema checks that need no `eval`. */
import { systemClock } from './clock.ts';
import { expandServer } from './config/expand.ts';
import { ToolwayError } from './errors.ts';
import type { Runtime } from './runtime.ts';
import { createInterpretingValidator } from './schema/cfworker.ts';
import { fetchPort } from './transport/fetch-port.ts';
import { createHttpTransport } from './transport/http.ts';
import { createSseTransport } from './transport/sse.ts';
import { createWebSocketTransport } from './transport/websocket.ts';

/** `env` is where `${…}` is looked up: nothing, unless the user gives it. */
export const browserRuntime = (env: Readonly<Record<string, string | undefined>> = {}): Runtime => ({
  clock: systemClock,
  createValidator: createInterpretingValidator,
  expand: (server, config) => expandServer(server, config, { env }),
  async openTransport({ server, kind, config, maxMessageBytes }) {
    const { url = '', headers } = config;
    if (kind === 'stdio') {
      throw new ToolwayError('unsupported', 'programs can be started in Node only', { server, executed: 'no' });
    }
    if (kind === 'websocket') return createWebSocketTransport({ url, maxMessageBytes, server });
    const create = kind === 'sse' ? createSseTransport : createHttpTransport;
    return create({
      url,
      port: fetchPort(),
      limits: { maxMessageBytes },
      ...(headers === undefined ? {} : { headers }),
    });
  },
});
