/** What whoever runs `toolway serve` hears without asking: servers that fail and come back, and failures of the gateway itself. */
import type { Toolkit } from '../api.ts';
import type { Logger, LogSeverity } from '../options.ts';
import type { CommandLog } from './log-file.ts';
import { safeLine } from './safe-text.ts';

/** Tells of servers that have failed, now or later, once for each kind of failure until they are connected; of what all share, not of callers' own. */
export const remarkServers = (toolkit: Pick<Toolkit, 'on' | 'status'>, tell: (text: string) => void): void => {
  const lost = new Map<string, string>();
  const gone = (server: string, error: { code: string; message: string }): void => {
    if (lost.get(server) === error.code) return;
    lost.set(server, error.code);
    tell(safeLine(`toolway: ${error.message}`));
  };
  for (const kind of ['failed', 'reconnecting'] as const)
    toolkit.on(kind, ({ server, scope, error }) => {
      if (scope === '') gone(server, error);
    });
  toolkit.on('connected', ({ server, scope }) => {
    if (scope === '' && lost.delete(server)) tell(safeLine(`toolway: ${server} is connected again`));
  });
  for (const [server, { state, lastError }] of Object.entries(toolkit.status()))
    if (state === 'failed' && lastError !== undefined) gone(server, lastError);
};

/** What the gateway and its store hand to a logger, as remarks with their reasons, and as lines of the log. */
export const remarkLogger = (tell: (text: string) => void, log: CommandLog | undefined): Logger => {
  const say =
    (level: LogSeverity) =>
    (message: string, facts: object = {}): void => {
      const reasons = Object.entries(facts).map(([name, fact]) => {
        const said = fact instanceof Error ? fact.message : String(fact);
        return name === 'error' ? said : `${name} ${said}`;
      });
      const text = [message, reasons.join(', ')].filter((part) => part !== '').join(': ');
      tell(safeLine(`toolway: ${text}`));
      log?.write(JSON.stringify({ time: new Date().toISOString(), level, event: 'gateway', message: text }));
    };
  return { debug: () => {}, info: () => {}, warn: say('warn'), error: say('error') };
};
