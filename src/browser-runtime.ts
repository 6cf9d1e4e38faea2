/** What every web platform brings: `fetch`, `WebSocket`, and schema checks that need no `eval`. Kinds of links beside HTTP are loaded when they are wanted. */
import { systemClock } from './clock.ts';
import { hasReferences } from './config/plain.ts';
import { ToolwayError } from './errors.ts';
import type { Runtime } from './runtime.ts';
import { validatorOnDemand } from './schema/on-demand.ts';
import { fetchPort } from './transport/fetch-port.ts';
import { createHttpTransport } from './transport/http.ts';
import { httpParts } from './transport/http-parts.ts';

/** `env` is where `${…}` is looked up: nothing, unless the user gives it. */
export const browserRuntime = (env: Readonly<Record<string, string | undefined>> = {}): Runtime => ({
  clock: systemClock,
  createValidator: () =>
    validatorOnDemand(async () => (await import('./schema/cfworker.ts')).createInterpretingValidator()),
  async expand(server, config, found, credentials) {
    if (!hasReferences(config)) return config;
    return (await import('./config/expand.ts')).expandServer(server, config, { env, found, credentials });
  },
  async openTransport({ server, kind, config, maxMessageBytes }) {
    const { url = '', headers } = config;
    if (kind === 'stdio') {
      throw new ToolwayError('unsupported', 'programs can be started in Node only', { server, executed: 'no' });
    }
    if (kind === 'websocket') {
      const { createWebSocketTransport } = await import('./transport/websocket.ts');
      return createWebSocketTransport({ url, maxMessageBytes, server, clock: systemClock });
    }
    const options = { url, headers, port: fetchPort(), limits: { maxMessageBytes }, clock: systemClock };
    if (kind !== 'sse') return createHttpTransport(options);
    return (await import('./transport/sse.ts')).createSseTransport(options, httpParts);
  },
});
