/** Which requests were answered, and how: counted by route, and told one by one to who wants to hear. */
import { routePath } from 'hono/route';
import type { Clock } from '../../clock.ts';
import type { GatewayApp } from '../context.ts';
import type { Caller } from '../principal.ts';
import type { AnsweredAs } from './prometheus.ts';

/** One line of the access log. Neither query nor headers nor bodies are in it: they may hold secrets. */
export interface AccessRecord {
  /** When the request came, as an ISO 8601 text. */
  time: string;
  method: string;
  path: string;
  status: number;
  /** Until the answer began. */
  durationMs: number;
  /** Absent where nobody was let in. */
  principal?: string;
}

export interface AccessLogOptions {
  clock: Clock;
  today(): number;
  /** Hears of each request; what it throws is lost. */
  onRequest: ((record: AccessRecord) => void) | undefined;
}

export interface AccessLog {
  /** To be added before anything else. */
  install(app: GatewayApp): void;
  counts(): Iterable<readonly [AnsweredAs, number]>;
}

export const createAccessLog = ({ clock, today, onRequest }: AccessLogOptions): AccessLog => {
  const counts = new Map<string, { labels: AnsweredAs; count: number }>();

  const count = (method: string, route: string, status: number): void => {
    const key = `${method} ${route} ${status}`;
    const entry = counts.get(key);
    if (entry === undefined) counts.set(key, { labels: { method, route, status: String(status) }, count: 1 });
    else entry.count += 1;
  };

  return {
    install(app) {
      app.use(async (c, next) => {
        const startedAt = clock.now();
        await next();
        const { method, path } = c.req;
        const route = routePath(c, -1);
        // Where only what stands before all routes has matched, the path is the caller's fancy, and there is no end of them.
        count(METHODS.has(method) ? method : 'other', route.endsWith('*') ? 'none' : route, c.res.status);
        if (onRequest === undefined) return;
        const durationMs = clock.now() - startedAt;
        const principal = (c.get('caller') as Caller | undefined)?.principal.id;
        const time = new Date(today() - durationMs).toISOString();
        try {
          onRequest({
            time,
            method,
            path,
            status: c.res.status,
            durationMs,
            ...(principal !== undefined && { principal }),
          });
        } catch {
          // Whoever listens may fail; the answer is not theirs.
        }
      });
    },
    counts: () => [...counts.values()].map(({ labels, count: value }) => [labels, value] as const),
  };
};

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
