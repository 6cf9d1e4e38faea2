/** A method is asked only of servers that declare it: others may answer with anything, or not at all. */
import { ToolwayError } from '../errors.ts';
import type { Era } from './era.ts';

const NEEDS: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'tools'],
  ['resources/read', 'resources'],
  ['resources/subscribe', 'resources'],
  ['resources/unsubscribe', 'resources'],
  ['prompts/get', 'prompts'],
  ['completion/complete', 'completions'],
  ['logging/setLevel', 'logging'],
]);

/** Throws `unsupported` where the server does not declare what `method` needs. */
export const demand = (method: string, era: Pick<Era, 'name' | 'protocolVersion' | 'identity'>): void => {
  const { capabilities } = era.identity;
  const need = NEEDS.get(method);
  if (need === undefined) return;
  // Servers that declare nothing at all are older than the rule.
  if (need === 'tools' && Object.keys(capabilities).length === 0) return;
  // The oldest revision has no word for it.
  if (need === 'completions' && era.protocolVersion === '2024-11-05') return;
  // In the modern era the server says of each subscription whether it agrees.
  const legacySubscription = era.name === 'legacy' && method.endsWith('subscribe');
  if (legacySubscription ? capabilities.resources?.subscribe === true : capabilities[need] !== undefined) return;
  const missing = legacySubscription ? 'subscriptions to resources' : need;
  throw new ToolwayError('unsupported', `the server declares no ${missing}: ${method} was not sent`, {
    executed: 'no',
  });
};
