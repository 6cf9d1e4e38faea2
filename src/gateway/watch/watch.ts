/** What can be seen of the gateway: health, events, numbers, and who asked for what. */
import { once } from '../../once.ts';
import type { GatewayApp, GatewayContext } from '../context.ts';
import type { GatewayOptions } from '../options.ts';
import { createAccessLog } from './access-log.ts';
import { countDurations } from './durations.ts';
import { addEvents } from './events.ts';
import { addHealth } from './health.ts';
import { createPrometheus } from './prometheus.ts';

/** What watches until it is closed. */
export interface Watch {
  /** Adds `/healthz`, `/readyz`, `/api/events` and `/metrics`. */
  addRoutes(app: GatewayApp): void;
  close(): void;
}

/** Watches every request of the app that is answered from now on. */
export const addWatch = (
  app: GatewayApp,
  context: GatewayContext,
  { onRequest, registry }: Pick<GatewayOptions, 'onRequest' | 'registry'>,
): Watch => {
  const { toolkit } = context;
  const accessLog = createAccessLog({ ...context, onRequest });
  accessLog.install(app);
  const durations = countDurations(toolkit);
  const prometheus = once(() =>
    createPrometheus({ toolkit, durations: durations.all, requests: accessLog.counts, registry }),
  );
  return {
    addRoutes(to) {
      addHealth(to, context);
      addEvents(to, context);
      to.get('/metrics', async (c) => {
        const { text, contentType } = await (await prometheus())();
        return c.body(text, 200, { 'Content-Type': contentType });
      });
    },
    close: durations.stop,
  };
};
