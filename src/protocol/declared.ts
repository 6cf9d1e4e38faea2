/** A method is asked only of servers that declare it: others may answer with anything, or not at all. */
import { ToolwayError } from '../errors.ts';
import type { Era } from './era.ts';

type Declares = Pick<Era, 'name' | 'protocolVersion' | 'identity'>;

/** Throws `unsupported` where the server does not declare what `method` needs. */
export const demand = (method: string, era: Declares): void => {
  const missing = missingFor(method, era);
  if (missing === undefined) return;
  throw new ToolwayError('unsupported', `the server declares no ${missing}: ${method} was not sent`, {
    executed: 'no',
  });
};

const missingFor = (method: string, { name, protocolVersion, identity }: Declares): string | undefined => {
  const { capabilities } = identity;
  const { tools, resources, prompts, completions, logging } = capabilities;
  const unless = (declared: unknown, what: string): string | undefined => (declared === undefined ? what : undefined);
  switch (method) {
    case 'tools/call':
      // Servers that declare nothing at all are older than the rule.
      return Object.keys(capabilities).length === 0 ? undefined : unless(tools, 'tools');
    case 'resources/read':
      return unless(resources, 'resources');
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      // In the modern era the server says of each subscription whether it agrees.
      if (name === 'modern') return unless(resources, 'resources');
      return resources?.subscribe === true ? undefined : 'subscriptions to resources';
    case 'prompts/get':
      return unless(prompts, 'prompts');
    case 'completion/complete':
      // The oldest revision has no word for it.
      return protocolVersion === '2024-11-05' ? undefined : unless(completions, 'completions');
    case 'logging/setLevel':
      return unless(logging, 'logging');
    default:
      return undefined;
  }
};
