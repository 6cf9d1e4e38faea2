/** What happens to servers while nobody asks, told above the prompt. */
import type { Toolkit } from '../../api.ts';

/** Tells of servers that have failed already, of those that go or come back, and of lists that change; one that fails again and again is told of once. */
export const tellOfServers = (toolkit: Pick<Toolkit, 'on' | 'status'>, tell: (text: string) => void): void => {
  const lost = new Set<string>();
  const gone = (server: string, why: string): void => {
    if (lost.has(server)) return;
    lost.add(server);
    tell(`${server}: ${why}`);
  };
  toolkit.on('disconnected', ({ server, error }) => gone(server, `disconnected${reason(error)}`));
  toolkit.on('reconnecting', ({ server, error }) => gone(server, `disconnected${reason(error)}`));
  toolkit.on('failed', ({ server, error }) => gone(server, `not connected${reason(error)}`));
  toolkit.on('connected', ({ server }) => {
    if (lost.delete(server)) tell(`${server}: connected again`);
  });
  for (const kind of ['tools', 'resources', 'prompts'] as const) {
    toolkit.on(`${kind}_changed`, ({ server }) => tell(`${server}: its ${kind} have changed`));
  }
  for (const [server, { state, lastError }] of Object.entries(toolkit.status()))
    if (state === 'failed') gone(server, `not connected${reason(lastError)}`);
};

const reason = (error: { reason: string } | undefined): string => (error === undefined ? '' : `: ${error.reason}`);
